-- One row per delivery record that arrived, of an event whose subject made a choice that the log knows, by the subject's number.
-- Preference events are left out: Actions destinations get them whatever they say (RULES.md 2.3). left_at: when the log says,
-- else when the event happened. sure: see event_record.
SELECT
    q.delivery_id AS delivery_id,
    s.event_id AS event_id,
    m.destination_id AS destination_id,
    COALESCE(q.logged_at, s.event_at) AS left_at,
    s.event_at AS event_at,
    g.stamp_id AS stamp_id,
    c.number AS number,
    q.sure AS sure
FROM event_subject AS s
INNER JOIN chooser AS c ON c.subject_kind = s.subject_kind AND c.subject_id = s.subject_id
INNER JOIN signature AS g ON g.signature_id = s.signature_id
INNER JOIN event_record AS q ON q.event_id = s.event_id
CROSS JOIN newest_version AS n
INNER JOIN route_meaning AS m ON m.route_id = q.route_id AND m.version_id = n.version_id
WHERE m.status = 'delivered' AND g.kind = 'event'
