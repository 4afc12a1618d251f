SELECT f.carrier, d.name, count(*) AS n
FROM serving.flights AS f
JOIN warehouse.dim_carrier AS d ON d.carrier = f.carrier
GROUP BY ROLLUP (f.carrier, d.name)
