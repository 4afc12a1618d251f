-- One row per flight with the weather that its origin had in the scheduled hour.
-- A scheduled instant lies in the hour `time_hour`, so both streams share the UTC day.
SELECT
    f.time_hour + make_interval(0, 0, 0, 0, 0, f.minute) AS scheduled_at,
    f._day AS flight_day,
    f.carrier,
    f.flight,
    f.tailnum,
    f.origin,
    f.dest,
    f.dep_time IS NULL AS cancelled,
    f.dep_delay,
    f.arr_delay,
    f.air_time,
    f.distance,
    w.temp,
    w.dewp,
    w.humid,
    w.wind_dir,
    w.wind_speed,
    w.wind_gust,
    w.precip,
    w.pressure,
    w.visib
FROM serving.flights AS f
LEFT JOIN serving.weather AS w
    ON w.origin = f.origin
    AND w.time_hour = f.time_hour
    AND w._day = f._day
WHERE f._day >= :start AND f._day < :end
