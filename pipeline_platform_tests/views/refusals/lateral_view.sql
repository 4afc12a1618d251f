SELECT tag, count(*) AS n
FROM serving.flights
LATERAL VIEW explode(tags) t AS tag
GROUP BY tag
