SELECT sum(amount) AS total, amount * 2 AS twice, amount * amount AS square, avg(amount) AS mean,
  sum(amount) / count(*) AS share, coalesce(dep_delay, 0) AS delay, coalesce(dep_delay, 1.5) AS odd
FROM serving.flights
GROUP BY amount, dep_delay
