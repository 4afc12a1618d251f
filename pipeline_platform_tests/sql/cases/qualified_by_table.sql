SELECT serving.flights.carrier, flights.origin
FROM serving.flights
WHERE serving.flights._day = :start
