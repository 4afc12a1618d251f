WITH f AS (SELECT * FROM serving.flights)
SELECT carrier, count(*) AS n
FROM f
GROUP BY carrier
