-- The records that were read the quick way are done: their route is known, and their event, if it is loaded.
INSERT INTO delivery (delivery_id, event_id, linked_by, route_id, logged_at)
SELECT d.delivery_id, d.event_id, CASE WHEN d.event_id IS NOT NULL THEN 'message_id' END, d.route_id, d.logged_at
FROM read_delivery AS d
WHERE d.kept IS NULL;

INSERT INTO pending_delivery
SELECT d.delivery_id, d.message_id, NULL, NULL
FROM read_delivery AS d
WHERE d.kept IS NULL AND d.event_id IS NULL;

DROP VIEW left_delivery;

DROP TABLE read_delivery
