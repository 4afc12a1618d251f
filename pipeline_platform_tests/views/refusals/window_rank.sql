SELECT carrier, rank() OVER (ORDER BY count(*)) AS place
FROM serving.flights
GROUP BY carrier
