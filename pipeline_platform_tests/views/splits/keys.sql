SELECT date(scheduled_at) AS day, origin || '-' || dest AS route, plane.engine.kind AS kind,
  (origin || '-' || dest) || '!' AS loud, count(*) AS n
FROM serving.flights
GROUP BY day, 2, plane.engine.kind
