SELECT o.day, o.orders, o.revenue, coalesce(v.visits, 0) AS visits
FROM (
    SELECT _day AS day, count(*) AS orders, sum(amount) AS revenue
    FROM serving.orders WHERE _day >= :start AND _day < :end GROUP BY _day
) AS o
LEFT JOIN (
    SELECT _day AS day, count(*) AS visits
    FROM serving.visits WHERE _day >= :start AND _day < :end GROUP BY _day
) AS v ON v.day = o.day
