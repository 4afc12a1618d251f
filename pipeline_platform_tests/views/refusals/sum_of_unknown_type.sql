SELECT carrier, sum(price * 2) AS n
FROM serving.flights
GROUP BY carrier
