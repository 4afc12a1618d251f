SELECT carrier, sort_array(collect_list(tailnum), false) AS planes
FROM serving.flights
GROUP BY carrier
