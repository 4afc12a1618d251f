SELECT carrier, any_value(tailnum) AS plane
FROM serving.flights
GROUP BY carrier
