SELECT distance, count(*) AS n
FROM serving.flights
GROUP BY distance + 1
