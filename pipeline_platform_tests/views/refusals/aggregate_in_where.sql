SELECT carrier, count(*) AS n
FROM serving.flights
WHERE count(*) > 3
GROUP BY carrier
