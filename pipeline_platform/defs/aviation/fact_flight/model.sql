-- One row per flight with the weather that its origin had in the scheduled hour.
-- A scheduled instant lies in the hour `time_hour`, so both streams share the UTC day, and the
-- versions of the dimensions are those of that hour.
SELECT
    f.time_hour + make_interval(0, 0, 0, 0, 0, f.minute) AS scheduled_at,
    f._day AS flight_day,
    f.carrier,
    f.flight,
    f.tailnum,
    f.origin,
    f.dest,
    coalesce(al.airline_key, 'unknown') AS airline_key,
    coalesce(pl.plane_key, 'unknown') AS plane_key,
    coalesce(ao.airport_key, 'unknown') AS origin_key,
    coalesce(ad.airport_key, 'unknown') AS dest_key,
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
LEFT JOIN warehouse.dim_airline AS al
    ON al.carrier = f.carrier
    AND f.time_hour >= al.valid_from
    AND (f.time_hour < al.valid_to OR al.valid_to IS NULL)
LEFT JOIN warehouse.dim_plane AS pl
    ON pl.tailnum = f.tailnum
    AND f.time_hour >= pl.valid_from
    AND (f.time_hour < pl.valid_to OR pl.valid_to IS NULL)
LEFT JOIN warehouse.dim_airport AS ao
    ON ao.airport = f.origin
    AND f.time_hour >= ao.valid_from
    AND (f.time_hour < ao.valid_to OR ao.valid_to IS NULL)
LEFT JOIN warehouse.dim_airport AS ad
    ON ad.airport = f.dest
    AND f.time_hour >= ad.valid_from
    AND (f.time_hour < ad.valid_to OR ad.valid_to IS NULL)
WHERE f._day >= :start AND f._day < :end
