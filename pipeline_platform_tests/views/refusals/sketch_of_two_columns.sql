SELECT carrier, hll_sketch_estimate(hll_union(hll_sketch_agg(tailnum), hll_sketch_agg(dest))) AS n
FROM serving.flights
GROUP BY carrier
