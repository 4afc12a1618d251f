SELECT carrier, count(*) AS n
FROM serving.flights
WHERE scheduled_at < now()
GROUP BY carrier
