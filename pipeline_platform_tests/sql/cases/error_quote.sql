SELECT 'abc
FROM serving.flights
