-- Every delivery of one person's or device's events ($3, which ask_person_ids lists) since the first choice, with the needed
-- categories that were not granted at the time of the event: refused, in conflict or never collected; and those refused
-- only later, before it left (refused_since). Exempt destinations get what is refused by design, and so do Actions
-- destinations with preference events (RULES.md 2.1, 2.3, 2.4). sure: see event_record.
WITH sent AS (
    SELECT
        q.delivery_id, coalesce(q.logged_at, e.event_at) AS left_at, e.event_at, e.message_id, e.type, e.name AS event_name,
        g.kind, m.destination_id, d.name AS destination, e.anonymous_id,
        d.kind = 'aws-s3' OR (d.kind = 'engage' AND NOT d.enforced) AS exempt,
        q.sure
    FROM (SELECT unnest($3) AS event_id) AS o
    INNER JOIN event AS e ON e.event_id = o.event_id
    INNER JOIN signature AS g ON g.signature_id = e.signature_id
    INNER JOIN event_record AS q ON q.event_id = e.event_id
    INNER JOIN newest_version AS n ON TRUE
    INNER JOIN route_meaning AS m ON m.route_id = q.route_id AND m.version_id = n.version_id
    INNER JOIN destination AS d ON d.version_id = n.version_id AND d.destination_id = m.destination_id
    WHERE m.status = 'delivered'
    -- a record that may be of several of the events is one all the same
    QUALIFY row_number() OVER (PARTITION BY q.delivery_id ORDER BY e.event_at, e.payload_key) = 1
)
SELECT
    s.left_at, s.event_at, s.destination, s.type, s.event_name, s.message_id, s.anonymous_id, s.kind <> 'event' AS preference_event, s.exempt, s.sure,
    coalesce(list(r.category_id ORDER BY r.category_id) FILTER (r.category_id IS NOT NULL AND i.value = 'false'), []) AS refused,
    coalesce(list(r.category_id ORDER BY r.category_id) FILTER (r.category_id IS NOT NULL AND i.value = 'conflict'), []) AS in_conflict,
    coalesce(list(r.category_id ORDER BY r.category_id) FILTER (r.category_id IS NOT NULL AND i.value IS NULL), []) AS never_collected,
    coalesce(list(r.category_id ORDER BY r.category_id) FILTER (l.value = 'false' AND i.value IS DISTINCT FROM 'false'), []) AS refused_since
FROM sent AS s
CROSS JOIN (
    SELECT min(x.valid_from) AS first_at FROM consent_interval AS x WHERE x.subject_kind = $1 AND x.subject_id = $2
) AS a
LEFT JOIN requirement AS r
    ON r.destination_id = s.destination_id AND r.version_id = (SELECT n.version_id FROM newest_version AS n)
LEFT JOIN consent_interval AS i
    ON i.subject_kind = $1 AND i.subject_id = $2 AND i.category_id = r.category_id
    AND i.valid_from <= s.event_at AND s.event_at < i.valid_to
LEFT JOIN consent_interval AS l
    ON l.subject_kind = $1 AND l.subject_id = $2 AND l.category_id = r.category_id
    AND l.valid_from <= s.left_at AND s.left_at < l.valid_to
WHERE coalesce(s.event_at, s.left_at) >= a.first_at
GROUP BY ALL
ORDER BY s.left_at, s.destination, s.message_id
