SELECT carrier
FROM serving.flights
WHERE exists (SELECT 1 FROM serving.weather w WHERE w.origin = flights.origin AND tmp > 1)
