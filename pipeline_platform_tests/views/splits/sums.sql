SELECT carrier, sum(distance) AS far, sum(price) AS paid, sum(temp) AS heat,
  sum(CASE WHEN cancelled THEN 1 ELSE 0 END) AS cancelled
FROM serving.flights
GROUP BY carrier
