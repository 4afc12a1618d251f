SELECT carrier, origin FROM serving.flights
UNION ALL
SELECT origin FROM serving.weather
