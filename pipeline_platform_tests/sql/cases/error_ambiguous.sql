SELECT
  origin
FROM serving.flights f
JOIN serving.weather w ON f.origin = w.origin
