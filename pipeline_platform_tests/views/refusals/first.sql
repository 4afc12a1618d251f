SELECT carrier, first(tailnum) AS plane
FROM serving.flights
GROUP BY carrier
