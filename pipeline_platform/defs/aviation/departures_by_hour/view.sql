SELECT
    origin,
    time_hour AS hour,
    count(*) AS flights,
    count(dep_time) AS departures,
    count_if(dep_time IS NULL) AS cancellations,
    sum(CAST(dep_delay AS decimal(6, 1))) AS delay_minutes,
    avg(dep_delay) AS average_delay,
    max(dep_delay) AS worst_delay,
    count_if(dep_delay > 15) AS late_departures
FROM serving.flights
GROUP BY origin, time_hour
