SELECT count(*) AS n, sum(distance) AS far, count(DISTINCT carrier) AS carriers
FROM serving.flights
WHERE NOT cancelled
