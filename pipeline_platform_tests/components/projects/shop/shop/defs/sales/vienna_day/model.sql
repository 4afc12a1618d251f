SELECT local_day, product, count(*) AS orders
FROM (
    SELECT to_date(from_utc_timestamp(ordered_at, 'Europe/Vienna')) AS local_day, product
    FROM serving.orders
    WHERE _day >= date_sub(:start, 1) AND _day < :end
) AS o
WHERE local_day >= :start AND local_day < :end
GROUP BY local_day, product
