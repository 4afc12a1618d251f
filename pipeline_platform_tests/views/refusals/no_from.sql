SELECT count(*) AS n
