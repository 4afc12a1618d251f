SELECT f.carrier, d.name, upper(d.home) AS home, count(*) AS n
FROM serving.flights AS f
LEFT JOIN warehouse.dim_carrier AS d ON d.carrier = f.carrier
GROUP BY f.carrier, d.name, upper(d.home)
HAVING d.name IS NOT NULL
