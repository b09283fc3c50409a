-- One row per event and the subject whose choices hold for it: the person it names, else the person its device belongs
-- to if the log names only one, else the device itself (RULES.md 2.4).
SELECT
    e.event_id AS event_id,
    CASE WHEN e.user_id IS NULL AND d.user_id IS NULL THEN 'device' ELSE 'person' END AS subject_kind,
    COALESCE(e.user_id, d.user_id, e.anonymous_id) AS subject_id,
    e.anonymous_id AS anonymous_id,
    e.signature_id AS signature_id,
    e.event_at AS event_at
FROM event AS e
LEFT JOIN device_person AS d ON d.anonymous_id = e.anonymous_id AND d.users = 1
WHERE COALESCE(e.user_id, d.user_id, e.anonymous_id) IS NOT NULL
