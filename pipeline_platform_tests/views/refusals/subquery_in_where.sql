SELECT carrier, count(*) AS n
FROM serving.flights
WHERE distance > (SELECT avg(distance) FROM serving.flights)
GROUP BY carrier
