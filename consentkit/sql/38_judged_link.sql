-- One row per delivery record that may find another event when more is loaded, and one per event that shares its message id.
-- Kept with what was found, it tells for which of the records judged then the events have changed since.
SELECT p.delivery_id AS delivery_id, CAST(NULL AS BIGINT) AS event_id, CAST(NULL AS BIGINT) AS group_id
FROM pending_delivery AS p
UNION ALL
SELECT CAST(NULL AS BIGINT) AS delivery_id, s.event_id AS event_id, s.group_id AS group_id
FROM shared_message AS s
