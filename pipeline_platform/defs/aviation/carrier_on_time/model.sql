SELECT
    f.carrier,
    coalesce(max(a.name), f.carrier) AS airline,
    count(*) AS flights,
    count_if(f.cancelled) AS cancelled,
    count(f.arr_delay) AS arrived,
    sum(f.arr_delay) AS sum_arr_delay,
    count_if(f.arr_delay <= 15) AS on_time_le15
FROM warehouse.fact_flight AS f
LEFT JOIN warehouse.dim_airline AS a ON a.carrier = f.carrier AND a.is_current
GROUP BY f.carrier
