SELECT product, count(*) AS orders, count(DISTINCT email) AS buyers
FROM serving.orders
GROUP BY product
