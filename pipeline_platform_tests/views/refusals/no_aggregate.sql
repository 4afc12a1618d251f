SELECT carrier
FROM serving.flights
GROUP BY carrier
