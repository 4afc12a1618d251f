INSERT INTO mart.x SELECT count(*) AS n FROM serving.flights
