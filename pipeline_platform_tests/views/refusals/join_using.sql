SELECT carrier, count(*) AS n
FROM serving.flights AS f
JOIN warehouse.dim_carrier AS d USING (carrier)
GROUP BY carrier
