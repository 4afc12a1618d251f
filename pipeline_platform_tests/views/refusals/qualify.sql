SELECT carrier, count(*) AS n
FROM serving.flights
GROUP BY carrier
QUALIFY row_number() OVER (ORDER BY carrier) = 1
