-- Bands follow Beaufort's scale for wind and the limits of instrument flight for visibility.
-- Cells of fewer than ten departures are left out: their mean says nothing.
SELECT
    local_hour,
    wind,
    visibility,
    count(*) AS flights,
    count(dep_delay) AS departed,
    sum(dep_delay) AS sum_dep_delay,
    avg(dep_delay) AS mean_dep_delay
FROM (
    SELECT
        hour(from_utc_timestamp(scheduled_at, 'America/New_York')) AS local_hour,
        CASE
            WHEN wind_speed < 8 THEN 'under 8'
            WHEN wind_speed < 13 THEN '8 to 13'
            WHEN wind_speed < 19 THEN '13 to 19'
            ELSE '19 and more'
        END AS wind,
        CASE
            WHEN visib < 3 THEN 'under 3'
            WHEN visib < 10 THEN '3 to 10'
            ELSE '10 and more'
        END AS visibility,
        dep_delay
    FROM warehouse.fact_flight
    WHERE wind_speed IS NOT NULL AND visib IS NOT NULL
) AS flights
GROUP BY local_hour, wind, visibility
HAVING count(dep_delay) >= 10
