SELECT carrier, min(input_file_name()) AS n
FROM serving.flights
GROUP BY carrier
