SELECT f.carrier, count(*) FILTER (WHERE d.home = f.origin) AS n
FROM serving.flights AS f
JOIN warehouse.dim_carrier AS d ON d.carrier = f.carrier
GROUP BY f.carrier
