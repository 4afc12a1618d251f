SELECT o.home AS here, t.home AS there, count(*) AS n
FROM serving.flights AS f
JOIN warehouse.dim_carrier AS o ON o.carrier = f.origin
LEFT JOIN warehouse.dim_carrier AS t ON t.carrier = f.dest
GROUP BY o.home, t.home
