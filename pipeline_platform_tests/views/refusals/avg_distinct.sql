SELECT carrier, avg(DISTINCT distance) AS far
FROM serving.flights
GROUP BY carrier
