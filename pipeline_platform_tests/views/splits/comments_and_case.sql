SELECT -- by carrier
  Carrier, COUNT( * ) /* all */ AS n,
  Sum(serving.flights.Distance -- miles
  ) AS far
FROM Serving.Flights
GROUP BY serving.flights.CARRIER;
