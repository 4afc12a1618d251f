SELECT carrier, origin, count(*) AS n
FROM serving.flights
GROUP BY carrier, origin WITH CUBE
