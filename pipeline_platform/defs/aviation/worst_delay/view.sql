SELECT
    carrier,
    to_date(time_hour) AS day,
    max(dep_delay) AS delay,
    max_by(flight, struct(dep_delay, time_hour, minute, flight, origin)) AS flight,
    max_by(origin, struct(dep_delay, time_hour, minute, flight, origin)) AS origin,
    max_by(dest, struct(dep_delay, time_hour, minute, flight, origin)) AS dest
FROM serving.flights
WHERE dep_delay IS NOT NULL
GROUP BY carrier, to_date(time_hour)
