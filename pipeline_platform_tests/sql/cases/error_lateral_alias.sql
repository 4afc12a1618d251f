SELECT minute + 1 AS next, next + 1 AS after
FROM serving.flights
