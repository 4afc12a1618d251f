SELECT carrier, hll_sketch_estimate(hll_sketch_agg(tailnum, 30)) AS n
FROM serving.flights
GROUP BY carrier
