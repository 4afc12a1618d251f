SELECT count(*) AS n FROM serving.flights VERSION AS OF 3
