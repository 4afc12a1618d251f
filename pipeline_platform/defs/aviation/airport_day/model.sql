-- A New York day begins at 4 or 5 o'clock UTC and so spans two UTC days of the fact.
SELECT
    origin,
    local_day,
    count(*) AS flights,
    count_if(cancelled) AS cancelled,
    sum(dep_delay) AS sum_dep_delay
FROM (
    SELECT
        origin,
        to_date(from_utc_timestamp(scheduled_at, 'America/New_York')) AS local_day,
        cancelled,
        dep_delay
    FROM warehouse.fact_flight
    WHERE flight_day >= :start AND flight_day <= :end
) AS departures
WHERE local_day >= :start AND local_day < :end
GROUP BY origin, local_day
