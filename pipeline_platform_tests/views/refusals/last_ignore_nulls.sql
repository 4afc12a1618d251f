SELECT carrier, last(tailnum) IGNORE NULLS AS plane
FROM serving.flights
GROUP BY carrier
