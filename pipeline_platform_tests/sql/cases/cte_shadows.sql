WITH flights AS (SELECT origin, dep_delay FROM serving.flights WHERE carrier = 'UA'),
late AS (SELECT origin, sum(dep_delay) AS delay FROM flights GROUP BY origin)
SELECT late.*, (SELECT max(w.temp) FROM serving.weather w WHERE w.origin = late.origin) AS warmest
FROM late
