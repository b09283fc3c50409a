-- One row per preference event and destination its source is connected to: what became of it there. fate: delivered,
-- filtered, failed, pending (or not known), no record, or no log, where no record of that destination is loaded at all; a record that names a
-- message id of several events tells of none for certain.
-- changes: it sets some category to another value than before, or first; revokes: it sets one to refused. An event that
-- repeats what was said does neither (RULES.md 2.3).
WITH changing AS (
    SELECT i.event_id AS event_id, MAX(CASE WHEN i.value = 'false' THEN 1 ELSE 0 END) AS revokes
    FROM consent_interval AS i
    WHERE i.basis <> 'merge'
    GROUP BY i.event_id
),
logged AS (
    SELECT DISTINCT m.destination_id AS destination_id
    FROM route_count AS r
    CROSS JOIN newest_version AS n
    INNER JOIN route_meaning AS m ON m.route_id = r.route_id AND m.version_id = n.version_id
),
record AS (
    SELECT
        q.event_id AS event_id,
        m.destination_id AS destination_id,
        MAX(
            CASE WHEN m.status = 'delivered' THEN 3 WHEN m.status = 'filtered' THEN 2 WHEN m.status IN ('failed', 'rejected') THEN 1 ELSE 0 END
        ) AS fate
    FROM preference_event AS p
    INNER JOIN event_record AS q ON q.event_id = p.event_id AND q.sure = TRUE
    CROSS JOIN newest_version AS n
    INNER JOIN route_meaning AS m ON m.route_id = q.route_id AND m.version_id = n.version_id
    GROUP BY q.event_id, m.destination_id
)
SELECT
    p.event_id AS event_id,
    o.source_id AS source_id,
    t.destination_id AS destination_id,
    CASE
        WHEN d.fate = 3 THEN 'delivered'
        WHEN d.fate = 2 THEN 'filtered'
        WHEN d.fate = 1 THEN 'failed'
        WHEN d.fate = 0 THEN 'pending'
        WHEN l.destination_id IS NOT NULL THEN 'no record'
        ELSE 'no log'
    END AS fate,
    CASE WHEN c.event_id IS NULL THEN FALSE ELSE TRUE END AS changes,
    CASE WHEN c.revokes = 1 THEN TRUE ELSE FALSE END AS revokes
FROM preference_event AS p
INNER JOIN event AS e ON e.event_id = p.event_id
CROSS JOIN newest_version AS n
INNER JOIN signature_source AS o ON o.signature_id = e.signature_id AND o.version_id = n.version_id
INNER JOIN connected AS t ON t.version_id = n.version_id AND t.source_id = o.source_id
LEFT JOIN changing AS c ON c.event_id = p.event_id
LEFT JOIN record AS d ON d.event_id = p.event_id AND d.destination_id = t.destination_id
LEFT JOIN logged AS l ON l.destination_id = t.destination_id
