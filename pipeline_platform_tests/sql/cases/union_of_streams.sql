SELECT origin AS place, 'flight' AS kind FROM serving.flights
UNION ALL
SELECT origin, 'weather' FROM serving.weather
ORDER BY place
