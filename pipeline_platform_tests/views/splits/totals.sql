SELECT carrier, origin, grouping(origin) AS all_origins, count(*) AS n, count(DISTINCT tailnum) AS planes
FROM serving.flights
GROUP BY ROLLUP (carrier, origin)
HAVING grouping(carrier) = 0
