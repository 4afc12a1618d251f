SELECT carrier, sum(scheduled_at - scheduled_at) AS n
FROM serving.flights
GROUP BY carrier
