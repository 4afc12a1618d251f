SELECT upper(f.carrier) AS carrier_name, date_trunc('hour', f.scheduled_at) AS hour,
  round(100 * count_if(f.dep_delay > 15) / count(*), 1) AS late_share
FROM serving.flights AS f
WHERE f.origin IN ('JFK', 'LGA')
GROUP BY f.carrier, date_trunc('hour', f.scheduled_at)
HAVING count(*) > 10 AND late_share > 0
