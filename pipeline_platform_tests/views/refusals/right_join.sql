SELECT f.carrier, count(*) AS n
FROM serving.flights AS f
RIGHT JOIN warehouse.dim_carrier AS d ON d.carrier = f.carrier
GROUP BY f.carrier
