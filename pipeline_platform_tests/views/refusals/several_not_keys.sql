SELECT carrier || origin AS x, count(*) AS n
FROM serving.flights
GROUP BY carrier
