SELECT carrier, count(*) AS n,
FROM serving.flights
GROUP BY carrier
