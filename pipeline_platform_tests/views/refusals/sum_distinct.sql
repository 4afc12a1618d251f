SELECT carrier, sum(DISTINCT distance) AS far
FROM serving.flights
GROUP BY carrier
