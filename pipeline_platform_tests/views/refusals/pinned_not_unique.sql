SELECT g.walk, count(*) AS n
FROM serving.flights AS f
JOIN warehouse.dim_gate AS g ON g.airport = f.origin
GROUP BY g.walk
