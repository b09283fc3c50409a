-- One row per event: what orders it among the choices of its device and person (RULES.md 2.4). happened_at is the event time,
-- but never later than the arrival, which a wrong clock would say; an event without a time counts from its arrival. Null in
-- both: undated, and in no history.
SELECT
    e.event_id AS event_id,
    e.signature_id AS signature_id,
    e.anonymous_id AS anonymous_id,
    e.user_id AS user_id,
    CASE WHEN e.received_at < e.event_at THEN e.received_at ELSE COALESCE(e.event_at, e.received_at) END AS happened_at,
    COALESCE(e.received_at, e.event_at) AS arrived_at,
    e.payload_key AS payload_key
FROM event AS e
