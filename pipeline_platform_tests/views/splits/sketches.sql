SELECT carrier, hll_sketch_estimate(hll_sketch_agg(tailnum, 14)) AS planes,
  hll_sketch_estimate(hll_union(hll_sketch_agg(dest), hll_sketch_agg(dest))) AS airports,
  theta_sketch_estimate(theta_sketch_agg(origin)) AS origins
FROM serving.flights
GROUP BY carrier
