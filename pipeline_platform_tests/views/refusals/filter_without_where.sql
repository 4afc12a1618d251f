SELECT carrier, count(*) FILTER (cancelled) AS n
FROM serving.flights
GROUP BY carrier
