SELECT f.carier
FROM serving.flights f
