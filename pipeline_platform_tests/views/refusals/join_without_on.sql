SELECT f.carrier, count(*) AS n
FROM serving.flights AS f
JOIN warehouse.dim_carrier AS d
GROUP BY f.carrier
