SELECT carrier, slice(sort_array(collect_list(tailnum), false), 2, 3) AS planes
FROM serving.flights
GROUP BY carrier
