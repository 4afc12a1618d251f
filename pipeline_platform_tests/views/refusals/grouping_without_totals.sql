SELECT carrier, grouping(carrier) AS total, count(*) AS n
FROM serving.flights
GROUP BY carrier
