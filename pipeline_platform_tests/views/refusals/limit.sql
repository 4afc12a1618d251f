SELECT carrier, count(*) AS n
FROM serving.flights
GROUP BY carrier
ORDER BY n DESC
LIMIT 10
