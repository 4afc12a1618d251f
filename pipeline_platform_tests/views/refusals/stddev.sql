SELECT carrier, stddev(dep_delay) AS spread
FROM serving.flights
GROUP BY carrier
