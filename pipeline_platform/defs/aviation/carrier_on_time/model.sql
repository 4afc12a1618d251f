SELECT
    carrier,
    count(*) AS flights,
    count_if(cancelled) AS cancelled,
    count(arr_delay) AS arrived,
    sum(arr_delay) AS sum_arr_delay,
    count_if(arr_delay <= 15) AS on_time_le15
FROM warehouse.fact_flight
GROUP BY carrier
