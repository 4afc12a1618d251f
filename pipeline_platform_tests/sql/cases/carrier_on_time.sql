SELECT
  carrier,
  count(*) AS flights,
  count_if(cancelled) AS cancelled,
  count(arr_delay) AS arrived,
  sum(arr_delay) AS arr_delay_sum,
  sum(CASE WHEN arr_delay <= 15 THEN 1 ELSE 0 END) AS on_time
FROM warehouse.fact_flight
GROUP BY carrier
