SELECT *
FROM serving.flights
JOIN serving.weather USING (origin, time_hour, _day)
