SELECT carrier, approx_count_distinct(tailnum) AS planes
FROM serving.flights
GROUP BY carrier
