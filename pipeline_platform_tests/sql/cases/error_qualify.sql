SELECT carrier FROM serving.flights
QUALIFY row_number() OVER (ORDER BY minute) = 1
