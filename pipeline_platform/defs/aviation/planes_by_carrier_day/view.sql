SELECT
    carrier,
    to_date(time_hour) AS day,
    count(DISTINCT tailnum) AS planes,
    hll_sketch_estimate(hll_sketch_agg(tailnum, 12)) AS planes_estimated,
    count(*) AS flights
FROM serving.flights
GROUP BY carrier, to_date(time_hour)
