SELECT carrier, count(DISTINCT tailnum) AS planes,
  hll_sketch_estimate(hll_sketch_agg(tailnum)) AS about
FROM serving.flights
GROUP BY carrier
