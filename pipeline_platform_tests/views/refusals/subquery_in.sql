SELECT carrier, count(*) AS n
FROM serving.flights
WHERE carrier IN (SELECT carrier FROM warehouse.dim_carrier)
GROUP BY carrier
