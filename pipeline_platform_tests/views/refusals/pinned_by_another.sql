SELECT g.walk, count(*) AS n
FROM serving.flights AS f
JOIN warehouse.dim_carrier AS d ON d.carrier = f.carrier
JOIN warehouse.dim_gate AS g ON g.airport = d.home AND g.gate = f.dest
GROUP BY g.walk
