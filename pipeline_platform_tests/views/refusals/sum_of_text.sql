SELECT carrier, sum(tailnum) AS n
FROM serving.flights
GROUP BY carrier
