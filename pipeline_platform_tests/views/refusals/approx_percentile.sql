SELECT carrier, approx_percentile(dep_delay, 0.5) AS middle
FROM serving.flights
GROUP BY carrier
