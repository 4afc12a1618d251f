SELECT carrier, count(DISTINCT tailnum) AS planes, count(DISTINCT origin, dest) AS routes,
  count(DISTINCT tailnum) FILTER (WHERE cancelled) AS grounded, sum(distance) AS far
FROM serving.flights
GROUP BY carrier
