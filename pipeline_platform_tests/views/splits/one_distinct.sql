SELECT carrier, count(DISTINCT tailnum) AS planes, sum(distance) AS far
FROM serving.flights
GROUP BY carrier
