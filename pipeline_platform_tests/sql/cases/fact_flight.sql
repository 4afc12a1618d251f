SELECT
  f.time_hour + make_interval(0, 0, 0, 0, 0, f.minute) AS scheduled_at,
  f.carrier, f.flight, f.tailnum, f.origin, f.dest, f.dep_delay, f.arr_delay,
  f.dep_delay IS NULL AS cancelled,
  w.temp, w.wind_speed,
  f._day AS day
FROM serving.flights f
LEFT JOIN serving.weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
  AND w._day >= :start AND w._day < :end
WHERE f._day >= :start AND f._day < :end
