-- One row per preference event that says something: either name of it, with a readable categoryPreferences object
-- (RULES.md 2.3, 2.4). happened_at orders it; an undated one is in no history.
SELECT
    e.event_id AS event_id,
    e.anonymous_id AS anonymous_id,
    e.user_id AS user_id,
    g.stamp_id AS stamp_id,
    s.state AS state,
    g.kind AS kind,
    e.happened_at AS happened_at,
    e.arrived_at AS arrived_at,
    e.payload_key AS payload_key
FROM signature AS g
INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
INNER JOIN event_moment AS e ON e.signature_id = g.signature_id
WHERE g.kind <> 'event' AND s.state IN ('A3', 'A4') AND s.dialect = 'segment'
