SELECT
    to_date(from_utc_timestamp(time_hour, 'America/New_York')) AS day,
    count(*) AS flights,
    count_if(dep_time IS NULL) AS cancelled,
    count_if(arr_delay <= 15) AS on_time,
    count(arr_delay) AS arrived,
    sum(distance) AS miles
FROM serving.flights
GROUP BY to_date(from_utc_timestamp(time_hour, 'America/New_York'))
HAVING count(*) > 0
