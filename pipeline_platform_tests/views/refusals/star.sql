SELECT *
FROM serving.flights
