SELECT
  day,
  count(*) AS sales,
  sum(quantity) AS items,
  round(sum(quantity * price), 2) AS revenue
FROM sales
GROUP BY day
