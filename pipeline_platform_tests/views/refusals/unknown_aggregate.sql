SELECT carrier, hll_union_agg(CAST(tailnum AS binary)) AS n
FROM serving.flights
GROUP BY carrier
