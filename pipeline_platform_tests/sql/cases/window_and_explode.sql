SELECT f.flight, tag, row_number() OVER (PARTITION BY f.carrier ORDER BY f.time_hour) AS nth,
  f.address.geo.lat, struct(f.origin, f.dest AS target) AS route
FROM serving.flights f
LATERAL VIEW explode(f.tags) t AS tag
