-- One row per grant and destination it opens: a choice after which every category the destination needs is granted,
-- and was not before; when the first delivery left for it afterwards, if any did before the grant ended.
-- By the newest policy version; a device that belongs to one person is left out. chances: events of the subject in that time from a source connected to the destination.
WITH needed AS (
    SELECT r.destination_id AS destination_id, r.category_id AS category_id
    FROM destination_category AS r
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
span AS (
    SELECT DISTINCT g.subject_kind AS subject_kind, g.subject_id AS subject_id, g.granted_at AS granted_at, g.ended_at AS ended_at
    FROM granted AS g
),
sent AS (
    SELECT
        p.subject_kind AS subject_kind,
        p.subject_id AS subject_id,
        p.granted_at AS granted_at,
        p.ended_at AS ended_at,
        o.source_id AS source_id,
        COUNT(*) AS events
    FROM span AS p
    INNER JOIN event_subject AS s
        ON s.subject_kind = p.subject_kind AND s.subject_id = p.subject_id
        AND s.event_at >= p.granted_at AND s.event_at < p.ended_at
    INNER JOIN signature AS k ON k.signature_id = s.signature_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = s.signature_id AND o.version_id = n.version_id
    WHERE k.kind = 'event'
    GROUP BY p.subject_kind, p.subject_id, p.granted_at, p.ended_at, o.source_id
),
offered AS (
    SELECT
        g.subject_kind AS subject_kind,
        g.subject_id AS subject_id,
        g.grant_event_id AS grant_event_id,
        g.destination_id AS destination_id,
        SUM(c.events) AS chances
    FROM granted AS g
    INNER JOIN sent AS c
        ON c.subject_kind = g.subject_kind AND c.subject_id = g.subject_id
        AND c.granted_at = g.granted_at AND c.ended_at = g.ended_at
    CROSS JOIN newest_version AS n
    INNER JOIN connected AS t
        ON t.version_id = n.version_id AND t.source_id = c.source_id AND t.destination_id = g.destination_id
    GROUP BY g.subject_kind, g.subject_id, g.grant_event_id, g.destination_id
),
reached AS (
    SELECT
        g.subject_kind AS subject_kind,
        g.subject_id AS subject_id,
        g.grant_event_id AS grant_event_id,
        g.destination_id AS destination_id,
        MIN(r.left_at) AS first_at
    FROM granted AS g
    INNER JOIN delivered_event AS r
        ON r.subject_kind = g.subject_kind AND r.subject_id = g.subject_id AND r.destination_id = g.destination_id
        AND r.event_at >= g.granted_at AND r.event_at < g.ended_at
    GROUP BY g.subject_kind, g.subject_id, g.grant_event_id, g.destination_id
)
SELECT
    g.subject_kind AS subject_kind,
    g.subject_id AS subject_id,
    g.grant_event_id AS grant_event_id,
    g.destination_id AS destination_id,
    g.granted_at AS granted_at,
    g.ended_at AS ended_at,
    CAST(COALESCE(o.chances, 0) AS BIGINT) AS chances,
    r.first_at AS first_at
FROM granted AS g
LEFT JOIN offered AS o
    ON o.subject_kind = g.subject_kind AND o.subject_id = g.subject_id
    AND o.grant_event_id = g.grant_event_id AND o.destination_id = g.destination_id
LEFT JOIN reached AS r
    ON r.subject_kind = g.subject_kind AND r.subject_id = g.subject_id
    AND r.grant_event_id = g.grant_event_id AND r.destination_id = g.destination_id
