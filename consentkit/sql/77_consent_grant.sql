-- One row per grant and destination it opens: a choice after which every category the destination needs is granted,
-- and was not before; when the first delivery left for it afterwards, if any did before the grant ended.
-- By the newest policy version; a device that belongs to one person is left out. chances: events of the subject in that time from a source connected to the destination.
WITH needed AS (
    SELECT r.destination_id AS destination_id, r.category_id AS category_id
    FROM requirement AS r
    INNER JOIN newest_version AS n ON n.version_id = r.version_id
    INNER JOIN destination AS d ON d.version_id = r.version_id AND d.destination_id = r.destination_id
    WHERE d.known = TRUE AND d.kind NOT IN ('aws-s3', 'platform') AND (d.kind <> 'engage' OR d.enforced = TRUE)
),
wanted AS (
    SELECT w.destination_id AS destination_id, COUNT(*) AS categories
    FROM needed AS w
    GROUP BY w.destination_id
),
opened AS (
    SELECT
        i.subject_kind AS subject_kind,
        i.subject_id AS subject_id,
        i.event_id AS grant_event_id,
        i.valid_from AS granted_at,
        w.destination_id AS destination_id
    FROM consent_interval AS i
    INNER JOIN needed AS w ON w.category_id = i.category_id
    LEFT JOIN device_person AS u ON u.anonymous_id = i.subject_id AND u.users = 1 AND i.subject_kind = 'device'
    WHERE i.value = 'true' AND u.anonymous_id IS NULL
    GROUP BY i.subject_kind, i.subject_id, i.event_id, i.valid_from, w.destination_id
),
granted AS (
    SELECT
        o.subject_kind AS subject_kind,
        o.subject_id AS subject_id,
        o.grant_event_id AS grant_event_id,
        o.granted_at AS granted_at,
        o.destination_id AS destination_id,
        MIN(i.valid_to) AS ended_at
    FROM opened AS o
    INNER JOIN needed AS w ON w.destination_id = o.destination_id
    INNER JOIN wanted AS a ON a.destination_id = o.destination_id
    INNER JOIN consent_interval AS i
        ON i.subject_kind = o.subject_kind AND i.subject_id = o.subject_id AND i.category_id = w.category_id
        AND i.valid_from <= o.granted_at AND o.granted_at < i.valid_to
    WHERE i.value = 'true'
    GROUP BY o.subject_kind, o.subject_id, o.grant_event_id, o.granted_at, o.destination_id
    HAVING COUNT(*) = MIN(a.categories)
),
offered AS (
    SELECT
        g.subject_kind AS subject_kind,
        g.subject_id AS subject_id,
        g.grant_event_id AS grant_event_id,
        g.destination_id AS destination_id,
        COUNT(DISTINCT e.event_id) AS chances,
        MIN(CASE WHEN m.status = 'delivered' THEN COALESCE(q.logged_at, e.event_at) END) AS first_at
    FROM granted AS g
    INNER JOIN event_subject AS s ON s.subject_kind = g.subject_kind AND s.subject_id = g.subject_id
    INNER JOIN event AS e ON e.event_id = s.event_id AND e.event_at >= g.granted_at AND e.event_at < g.ended_at
    INNER JOIN signature AS k ON k.signature_id = e.signature_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = e.signature_id AND o.version_id = n.version_id
    INNER JOIN connected AS t
        ON t.version_id = n.version_id AND t.source_id = o.source_id AND t.destination_id = g.destination_id
    LEFT JOIN delivery AS q ON q.event_id = e.event_id
    LEFT JOIN route_meaning AS m
        ON m.route_id = q.route_id AND m.version_id = n.version_id AND m.destination_id = g.destination_id
    WHERE k.kind = 'event'
    GROUP BY g.subject_kind, g.subject_id, g.grant_event_id, g.destination_id
)
SELECT
    g.subject_kind AS subject_kind,
    g.subject_id AS subject_id,
    g.grant_event_id AS grant_event_id,
    g.destination_id AS destination_id,
    g.granted_at AS granted_at,
    g.ended_at AS ended_at,
    COALESCE(o.chances, 0) AS chances,
    o.first_at AS first_at
FROM granted AS g
LEFT JOIN offered AS o
    ON o.subject_kind = g.subject_kind AND o.subject_id = g.subject_id
    AND o.grant_event_id = g.grant_event_id AND o.destination_id = g.destination_id
