SELECT address.zap
FROM serving.flights
