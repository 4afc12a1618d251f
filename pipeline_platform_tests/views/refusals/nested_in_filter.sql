SELECT carrier, count(*) FILTER (WHERE dep_delay > avg(dep_delay)) AS late
FROM serving.flights
GROUP BY carrier
