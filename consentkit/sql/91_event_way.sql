-- For people: one row per event with delivery records and the way these went: a number that is the same where their routes
-- are, each as often. It is a sum of hashes, which needs no list for each event; that two ways share one is as good as
-- impossible.
SELECT d.event_id, sum(hash(d.route_id)) AS way
FROM delivery AS d
WHERE d.event_id IS NOT NULL
GROUP BY d.event_id
