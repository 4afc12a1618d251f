SELECT f.origin, count(*) AS n
FROM serving.flights AS f
JOIN warehouse.dim_gate AS d ON d.airport = f.origin
GROUP BY f.origin
