SELECT carrier, sum(count(*)) OVER (ORDER BY carrier) AS running
FROM serving.flights
GROUP BY carrier
