-- What became of refusals and grants at each destination, the worst first.
SELECT t.*
FROM withdrawal_test AS t
ORDER BY t.deliveries DESC, t.ignored DESC, t.destination
