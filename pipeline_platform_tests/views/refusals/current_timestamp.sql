SELECT carrier, max(current_timestamp) AS seen
FROM serving.flights
GROUP BY carrier
