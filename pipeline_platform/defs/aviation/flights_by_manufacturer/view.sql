SELECT
    coalesce(p.manufacturer, 'unknown') AS manufacturer,
    to_date(f.time_hour) AS day,
    count(*) AS flights,
    count(f.dep_time) AS departures,
    sum(p.seats) FILTER (WHERE f.dep_time IS NOT NULL) AS seats
FROM serving.flights AS f
LEFT JOIN serving.planes AS p ON p.tailnum = f.tailnum
GROUP BY coalesce(p.manufacturer, 'unknown'), to_date(f.time_hour)
