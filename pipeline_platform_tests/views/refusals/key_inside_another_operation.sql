SELECT 2 * distance + 1 AS far, count(*) AS n
FROM serving.flights
GROUP BY distance + 1
