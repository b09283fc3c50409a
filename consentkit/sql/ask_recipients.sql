-- Every destination that got data, the one with the most first.
SELECT r.* FROM recipient AS r ORDER BY r.deliveries DESC, r.destination
