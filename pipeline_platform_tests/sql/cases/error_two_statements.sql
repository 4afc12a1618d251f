SELECT carrier FROM serving.flights;
SELECT origin FROM serving.flights
