SELECT carrier, hll_sketch_agg(tailnum) AS sketch
FROM serving.flights
GROUP BY carrier
