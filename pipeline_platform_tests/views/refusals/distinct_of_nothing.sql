SELECT carrier, count(DISTINCT) AS n
FROM serving.flights
GROUP BY carrier
