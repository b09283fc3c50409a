-- One row per route of the delivery log that has records: how many, and how many of them are of an event that is loaded. There
-- are few routes and very many records, so that what is asked of all records by route is asked here.
SELECT
    d.route_id AS route_id,
    COUNT(*) AS records,
    COUNT(d.event_id) AS matched
FROM delivery AS d
GROUP BY d.route_id
