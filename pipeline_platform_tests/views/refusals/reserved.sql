SELECT concat(carrier, '__rows__') AS c, count(*) AS n FROM serving.flights GROUP BY concat(carrier, '__rows__')
