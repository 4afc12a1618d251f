INSERT INTO serving.flights SELECT * FROM serving.flights
