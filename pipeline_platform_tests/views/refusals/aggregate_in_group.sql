SELECT max(carrier) AS carrier, count(*) AS n
FROM serving.flights
GROUP BY 1
