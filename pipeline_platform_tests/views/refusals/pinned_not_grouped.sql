SELECT d.home, d.name, count(*) AS n
FROM serving.flights AS f
JOIN warehouse.dim_carrier AS d ON d.carrier = f.carrier
GROUP BY d.home
