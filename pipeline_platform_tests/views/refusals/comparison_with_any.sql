SELECT carrier, count_if(origin LIKE ANY ('J%', 'E%')) AS n
FROM serving.flights
GROUP BY carrier
