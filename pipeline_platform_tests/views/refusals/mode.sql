SELECT carrier, mode(origin) AS usual
FROM serving.flights
GROUP BY carrier
