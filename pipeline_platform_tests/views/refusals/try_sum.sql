SELECT carrier, try_sum(distance) AS far
FROM serving.flights
GROUP BY carrier
