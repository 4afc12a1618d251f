SELECT carrier, collect_set(tailnum) AS planes
FROM serving.flights
GROUP BY carrier
