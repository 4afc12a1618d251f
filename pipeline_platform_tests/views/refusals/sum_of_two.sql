SELECT carrier, sum(distance, 2) AS n
FROM serving.flights
GROUP BY carrier
