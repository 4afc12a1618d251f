SELECT f.carrier, d.name, warehouse.dim_gate.walk, count(*) AS n
FROM serving.flights AS f
LEFT JOIN warehouse.dim_carrier AS d ON d.carrier = f.carrier
LEFT JOIN warehouse.dim_gate ON airport = f.origin AND gate = f.dest
WHERE walk > 1
GROUP BY f.carrier, d.name, warehouse.dim_gate.walk
