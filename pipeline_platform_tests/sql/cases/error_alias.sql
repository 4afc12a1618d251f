SELECT carrier,
  fl.origin
FROM serving.flights f
