SELECT carrier, avg(fine) AS n
FROM serving.flights
GROUP BY carrier
