SELECT origin, dest, warehouse.dim_gate.walk, count(*) AS n
FROM serving.flights
JOIN warehouse.dim_gate ON origin = airport AND warehouse.dim_gate.gate = dest
GROUP BY origin, dest, warehouse.dim_gate.walk
