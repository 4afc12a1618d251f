SELECT carrier, count(*) AS n
FROM serving.flights
WHERE scheduled_at > :start
GROUP BY carrier
