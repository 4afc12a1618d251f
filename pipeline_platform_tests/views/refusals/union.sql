SELECT count(*) AS n FROM serving.flights
UNION ALL
SELECT count(*) AS n FROM serving.flights
