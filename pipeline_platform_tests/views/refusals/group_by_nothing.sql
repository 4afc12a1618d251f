SELECT count(*) AS n FROM serving.flights GROUP BY ()
