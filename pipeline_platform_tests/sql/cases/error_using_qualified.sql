SELECT f.origin
FROM serving.flights f JOIN serving.weather w USING (origin)
