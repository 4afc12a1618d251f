SELECT carrier, sum(my_score(dep_delay)) AS n
FROM serving.flights
GROUP BY carrier
