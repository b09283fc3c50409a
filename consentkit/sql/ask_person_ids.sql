-- What an id names: a person, with the devices and other ids that are the same person; else a device. Once for each,
-- with its events, so that nothing else has to look for them again.
SELECT 'person' AS subject_kind, p.first_at, p.last_at, p.events, d.devices, m.others, p.event_ids
FROM (
    SELECT min(e.event_at) AS first_at, max(e.event_at) AS last_at, count(*) AS events, list(e.event_id) AS event_ids
    FROM event_subject AS s
    INNER JOIN event AS e ON e.event_id = s.event_id
    WHERE s.subject_kind = 'person' AND s.subject_id = $1
) AS p
CROSS JOIN (
    SELECT coalesce(list(k.anonymous_id ORDER BY k.anonymous_id), []) AS devices FROM device_person AS k WHERE k.user_id = $1
) AS d
CROSS JOIN (
    SELECT coalesce(list(k.other_id ORDER BY k.other_id), []) AS others FROM person_merge AS k WHERE k.user_id = $1
) AS m
WHERE p.events > 0
UNION ALL
SELECT 'device', min(e.event_at), max(e.event_at), count(*), [$1], coalesce(list(DISTINCT e.user_id) FILTER (e.user_id IS NOT NULL), []), list(e.event_id)
FROM event AS e
WHERE e.anonymous_id = $1
HAVING count(*) > 0
