-- One row per event and the policy version in force at its time; an event before the first version, or
-- undated while there are several, has none. settled is false near a change of version.
SELECT
    e.event_id AS event_id,
    e.signature_id AS signature_id,
    e.person_key AS person_key,
    e.event_at AS event_at,
    e.received_at AS received_at,
    w.version_id AS version_id,
    CASE
        WHEN w.version_id IS NULL THEN FALSE
        WHEN e.event_at IS NULL THEN TRUE
        WHEN e.event_at >= w.settled_from AND e.event_at < w.settled_to THEN TRUE
        ELSE FALSE
    END AS settled
FROM event AS e
CROSS JOIN policy_window AS w
WHERE (e.event_at >= w.valid_from AND e.event_at < w.valid_to) OR (e.event_at IS NULL AND w.takes_undated = TRUE)
