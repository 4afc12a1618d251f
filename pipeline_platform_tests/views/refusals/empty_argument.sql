SELECT carrier, max_by(tailnum, ) AS n
FROM serving.flights
GROUP BY carrier
