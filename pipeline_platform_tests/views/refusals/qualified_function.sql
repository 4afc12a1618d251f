SELECT carrier, sum(finance.score(dep_delay)) AS n
FROM serving.flights
GROUP BY carrier
