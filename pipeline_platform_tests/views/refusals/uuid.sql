SELECT carrier, max(uuid()) AS n
FROM serving.flights
GROUP BY carrier
