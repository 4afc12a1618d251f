SELECT upper(d.home) AS home, f.origin, sum(g.walk) AS walked, avg(g.walk + 1) AS mean,
    count(DISTINCT d.name) AS names, max_by(f.tailnum, g.walk) FILTER (WHERE d.name <> 'x') AS far
FROM serving.flights AS f
LEFT JOIN warehouse.dim_carrier AS d ON d.carrier = upper(f.carrier)
INNER JOIN warehouse.dim_gate AS g ON g.airport = f.origin AND coalesce(f.dest, 'x') = g.gate
WHERE d.home IS NOT NULL OR f.cancelled
GROUP BY upper(d.home), f.origin
HAVING sum(g.walk) > 3 OR upper(d.home) = 'X'
