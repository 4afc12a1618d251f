SELECT carrier origin dest
FROM serving.flights
