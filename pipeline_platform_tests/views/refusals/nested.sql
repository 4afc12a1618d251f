SELECT carrier, sum(count(*)) AS n
FROM serving.flights
GROUP BY carrier
