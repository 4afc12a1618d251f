SELECT f.carrier, count(*) AS n
FROM serving.flights AS f
JOIN serving.weather AS w ON w.origin = f.carrier
GROUP BY f.carrier
