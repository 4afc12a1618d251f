-- defs/shop/revenue_day/model.sql
SELECT local_day, sum(amount) AS revenue
FROM (
    SELECT to_date(from_utc_timestamp(ordered_at, 'Europe/Berlin')) AS local_day, amount
    FROM serving.orders
    WHERE _day >= date_sub(:start, 1) AND _day <= :end
) AS orders
WHERE local_day >= :start AND local_day < :end
GROUP BY local_day
