SELECT carrier, count(*)
FROM serving.flights
GROUP BY carrier
