-- One row per delivery record that arrived, of an event whose subject made a choice that the log knows. Preference events
-- are left out: Actions destinations get them whatever they say (RULES.md 2.3). left_at: when the log says, else when the
-- event happened.
SELECT
    q.delivery_id AS delivery_id,
    q.event_id AS event_id,
    m.destination_id AS destination_id,
    COALESCE(q.logged_at, s.event_at) AS left_at,
    s.event_at AS event_at,
    s.anonymous_id AS anonymous_id,
    g.stamp_id AS stamp_id,
    s.subject_kind AS subject_kind,
    s.subject_id AS subject_id
FROM delivery AS q
INNER JOIN (
    SELECT
        e.event_id AS event_id,
        e.subject_kind AS subject_kind,
        e.subject_id AS subject_id,
        e.anonymous_id AS anonymous_id,
        e.signature_id AS signature_id,
        e.event_at AS event_at
    FROM event_subject AS e
    WHERE EXISTS (
        SELECT 1 FROM consent_interval AS i WHERE i.subject_kind = e.subject_kind AND i.subject_id = e.subject_id
    )
) AS s ON s.event_id = q.event_id
INNER JOIN signature AS g ON g.signature_id = s.signature_id
CROSS JOIN newest_version AS n
INNER JOIN route_meaning AS m ON m.route_id = q.route_id AND m.version_id = n.version_id
WHERE m.status = 'delivered' AND g.kind = 'event'
