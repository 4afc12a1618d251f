SELECT carrier, max(distance) AS distance
FROM serving.flights
GROUP BY carrier
HAVING distance > 100
