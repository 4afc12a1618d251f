SELECT carrier, count(*) FILTER (WHERE _day = current_date) AS n
FROM serving.flights
GROUP BY carrier
