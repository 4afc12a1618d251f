SELECT carrier
FROM serving.flihgts
