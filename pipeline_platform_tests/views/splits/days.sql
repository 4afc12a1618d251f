SELECT _day, count(*) AS n
FROM serving.flights
GROUP BY _day
