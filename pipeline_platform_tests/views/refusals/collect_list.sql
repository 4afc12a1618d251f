SELECT carrier, collect_list(tailnum) AS planes
FROM serving.flights
GROUP BY carrier
