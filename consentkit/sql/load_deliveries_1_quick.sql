-- The records that were read the quick way are done: their route is known, and their event, if it is loaded.
INSERT INTO delivery
SELECT
    d.delivery_id, CAST(d.delivery_id // 10000000000 AS INTEGER), d.delivery_id % 10000000000, d.event_id,
    CASE WHEN d.event_id IS NOT NULL THEN 'message_id' END, d.route_id, d.logged_at, d.message_id, NULL, NULL
FROM read_delivery AS d
WHERE d.kept IS NULL;

DROP VIEW left_delivery;

DROP TABLE read_delivery
