SELECT count(*) AS n FROM serving.flights TABLESAMPLE (10 PERCENT)
