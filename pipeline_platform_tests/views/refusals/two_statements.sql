SELECT count(*) AS n FROM serving.flights;
SELECT count(*) AS n FROM serving.flights
