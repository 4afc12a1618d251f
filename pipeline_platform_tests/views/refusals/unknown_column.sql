SELECT carrier, sum(dep_dellay) AS n
FROM serving.flights
GROUP BY carrier
