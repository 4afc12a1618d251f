SELECT carrier, max_by(tailnum, dep_delay, 3) AS n
FROM serving.flights
GROUP BY carrier
