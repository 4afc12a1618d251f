SELECT carrier, max_by(tailnum, scheduled_at) AS last,
  min_by(tailnum, struct(dep_delay, scheduled_at)) AS least,
  max_by(origin, dep_delay) FILTER (WHERE NOT cancelled) AS late
FROM serving.flights
GROUP BY carrier
