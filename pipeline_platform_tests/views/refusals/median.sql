SELECT carrier, median(dep_delay) AS middle
FROM serving.flights
GROUP BY carrier
