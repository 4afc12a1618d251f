SELECT carrier, count(*) AS flights, count(tailnum) AS known,
  count(origin, dest) AS routed, count_if(cancelled) AS cancelled,
  count(*) FILTER (WHERE dep_delay > 15) AS late
FROM serving.flights
GROUP BY carrier
