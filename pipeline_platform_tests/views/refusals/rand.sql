SELECT carrier, count_if(rand() < 0.1) AS n
FROM serving.flights
GROUP BY carrier
