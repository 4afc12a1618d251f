SELECT carrier,
  slice(sort_array(collect_list(struct(dep_delay, tailnum)), false), 1, 3) AS worst,
  slice(sort_array(collect_list(distance)), 1, 2) AS shortest
FROM serving.flights
GROUP BY carrier
