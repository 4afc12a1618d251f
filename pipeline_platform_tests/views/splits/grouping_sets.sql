SELECT carrier, origin, grouping_id(carrier, origin) AS level, avg(price) AS paid
FROM serving.flights
GROUP BY GROUPING SETS ((carrier, origin), (carrier), ())
