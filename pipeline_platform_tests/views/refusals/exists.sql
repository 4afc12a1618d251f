SELECT carrier, count(*) AS n
FROM serving.flights
WHERE EXISTS (SELECT 1 FROM warehouse.dim_carrier)
GROUP BY carrier
