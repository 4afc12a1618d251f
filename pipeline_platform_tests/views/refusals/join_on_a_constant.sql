SELECT f.carrier, count(*) AS n
FROM serving.flights AS f
JOIN warehouse.dim_carrier AS d ON d.carrier = f.carrier AND d.home = 'JFK'
GROUP BY f.carrier
