SELECT
  origin,
  to_date(from_utc_timestamp(scheduled_at, 'America/New_York')) AS local_day,
  count(*) AS flights,
  count_if(cancelled) AS cancelled,
  sum(dep_delay) AS dep_delay_sum
FROM warehouse.fact_flight
WHERE scheduled_at >= :start AND scheduled_at < :end
GROUP BY origin, to_date(from_utc_timestamp(scheduled_at, 'America/New_York'))
