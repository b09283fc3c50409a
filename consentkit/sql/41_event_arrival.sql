-- One row per event that arrived under another policy version than the one of its time, and the version of its arrival.
-- The platform enforces what is in force when an event arrives, which may be days later where it was kept on a device
-- (RULES.md 2.1). settled is false near a change of version; an event that belongs to no version by its time is left out.
WITH late AS (
    SELECT
        f.event_id AS event_id,
        f.signature_id AS signature_id,
        f.person_key AS person_key,
        f.event_at AS event_at,
        f.received_at AS received_at
    FROM event_in_force AS f
    INNER JOIN policy_window AS w ON w.version_id = f.version_id
    WHERE f.received_at < w.valid_from OR f.received_at >= w.valid_to
)
SELECT
    e.event_id AS event_id,
    e.signature_id AS signature_id,
    e.person_key AS person_key,
    e.event_at AS event_at,
    w.version_id AS version_id,
    CASE
        WHEN w.version_id IS NULL THEN FALSE
        WHEN e.received_at >= w.settled_from AND e.received_at < w.settled_to THEN TRUE
        ELSE FALSE
    END AS settled
FROM late AS e
CROSS JOIN policy_window AS w
WHERE e.received_at >= w.valid_from AND e.received_at < w.valid_to
