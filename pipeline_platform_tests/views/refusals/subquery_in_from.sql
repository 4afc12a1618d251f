SELECT carrier, count(*) AS n
FROM (SELECT * FROM serving.flights) AS f
GROUP BY carrier
