SELECT carrier, listagg(tailnum) WITHIN GROUP (ORDER BY tailnum) AS planes
FROM serving.flights
GROUP BY carrier
