SELECT
    f.origin,
    f.dest,
    max(f.distance) AS distance,
    count(*) AS flights,
    count(f.air_time) AS flown,
    sum(f.air_time) AS air_minutes,
    avg(f.arr_delay) AS average_arrival_delay,
    min(f.air_time) AS fastest
FROM serving.flights AS f
GROUP BY f.origin, f.dest
