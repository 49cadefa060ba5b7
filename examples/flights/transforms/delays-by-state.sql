SELECT
  airports.state,
  $month AS month,
  count(*) AS flights,
  count(*) FILTER (WHERE flights.delay >= 15) AS late_flights,
  avg(flights.delay) AS mean_delay_minutes
FROM flights
JOIN airports ON airports.iata = flights.origin
GROUP BY airports.state
