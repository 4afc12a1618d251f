SELECT carrier, origin AS Carrier
FROM serving.flights
