SELECT carrier, count_if(cancelled) FILTER (WHERE dep_delay > 0) AS n
FROM serving.flights
GROUP BY carrier
