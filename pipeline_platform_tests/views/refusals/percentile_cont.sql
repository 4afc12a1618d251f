SELECT carrier, percentile_cont(0.5) WITHIN GROUP (ORDER BY dep_delay) AS middle
FROM serving.flights
GROUP BY carrier
