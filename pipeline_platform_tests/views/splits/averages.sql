SELECT carrier, avg(dep_delay) AS delay, avg(distance) AS far, avg(price) AS paid, avg(temp) AS heat
FROM serving.flights
GROUP BY carrier
