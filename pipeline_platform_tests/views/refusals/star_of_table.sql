SELECT f.*, count(*) AS n
FROM serving.flights AS f
GROUP BY carrier
