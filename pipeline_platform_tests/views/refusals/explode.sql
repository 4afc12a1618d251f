SELECT explode(tags) AS tag, count(*) AS n
FROM serving.flights
GROUP BY 1
