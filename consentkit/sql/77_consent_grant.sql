-- One row per grant and destination it opens, as in destination_grant; when the first delivery left for it afterwards, if any
-- did before the grant ended. chances: events of the subject in that time from a source connected to the destination.
-- possible: no delivery surely did, and one may have, of a message id that several events share.
WITH granted AS (
    SELECT
        g.subject_kind AS subject_kind, g.subject_id AS subject_id, g.grant_event_id AS grant_event_id, g.destination_id AS destination_id,
        g.granted_at AS granted_at, g.ended_at AS ended_at, c.number AS number
    FROM destination_grant AS g
    INNER JOIN chooser AS c ON c.subject_kind = g.subject_kind AND c.subject_id = g.subject_id
),
offered AS (
    SELECT
        g.subject_kind AS subject_kind,
        g.subject_id AS subject_id,
        g.grant_event_id AS grant_event_id,
        g.destination_id AS destination_id,
        SUM(c.events) AS chances
    FROM granted AS g
    INNER JOIN stretch_events AS c
        ON c.subject_kind = g.subject_kind AND c.subject_id = g.subject_id
        AND c.from_at = g.granted_at AND c.to_at = g.ended_at AND c.choice = 'grant'
    CROSS JOIN newest_version AS n
    INNER JOIN connected AS t
        ON t.version_id = n.version_id AND t.source_id = c.source_id AND t.destination_id = g.destination_id
    GROUP BY g.subject_kind, g.subject_id, g.grant_event_id, g.destination_id
),
spread AS (
    SELECT
        g.number AS number, g.destination_id AS destination_id, COUNT(*) AS grants,
        MIN(g.granted_at) AS first_at, MAX(g.ended_at) AS last_to
    FROM granted AS g
    GROUP BY g.number, g.destination_id
),
left_later AS (
    SELECT
        r.number AS number, r.destination_id AS destination_id, r.event_at AS event_at,
        r.left_at AS left_at, r.sure AS sure, p.grants AS grants, p.first_at AS first_at
    FROM delivered_event AS r
    INNER JOIN spread AS p
        ON p.number = r.number AND p.destination_id = r.destination_id
        AND p.first_at <= r.event_at AND p.last_to > r.event_at
),
-- of several grants, the last until the event, as a running maximum
moment AS (
    SELECT
        r.number AS number, r.destination_id AS destination_id, r.event_at AS at,
        r.left_at AS left_at, r.sure AS sure, NULL AS granted_at
    FROM left_later AS r
    WHERE r.grants > 1
    UNION ALL
    SELECT
        g.number AS number, g.destination_id AS destination_id, g.granted_at AS at,
        NULL AS left_at, NULL AS sure, g.granted_at AS granted_at
    FROM granted AS g
),
looked AS (
    SELECT
        m.number AS number, m.destination_id AS destination_id, m.at AS at, m.left_at AS left_at, m.sure AS sure,
        MAX(m.granted_at) OVER (PARTITION BY m.number, m.destination_id ORDER BY m.at) AS granted_at
    FROM moment AS m
    UNION ALL
    SELECT
        r.number AS number, r.destination_id AS destination_id, r.event_at AS at,
        r.left_at AS left_at, r.sure AS sure, r.first_at AS granted_at
    FROM left_later AS r
    WHERE r.grants = 1
),
reached AS (
    SELECT
        g.number AS number, g.grant_event_id AS grant_event_id, g.destination_id AS destination_id,
        MIN(CASE WHEN l.sure = TRUE THEN l.left_at END) AS first_at
    FROM looked AS l
    INNER JOIN granted AS g
        ON g.number = l.number AND g.destination_id = l.destination_id
        AND g.granted_at = l.granted_at AND g.ended_at > l.at
    WHERE l.left_at IS NOT NULL
    GROUP BY g.number, g.grant_event_id, g.destination_id
)
SELECT
    g.subject_kind AS subject_kind,
    g.subject_id AS subject_id,
    g.grant_event_id AS grant_event_id,
    g.destination_id AS destination_id,
    g.granted_at AS granted_at,
    g.ended_at AS ended_at,
    CAST(COALESCE(o.chances, 0) AS BIGINT) AS chances,
    r.first_at AS first_at,
    CASE WHEN r.number IS NOT NULL AND r.first_at IS NULL THEN TRUE ELSE FALSE END AS possible
FROM granted AS g
LEFT JOIN offered AS o
    ON o.subject_kind = g.subject_kind AND o.subject_id = g.subject_id
    AND o.grant_event_id = g.grant_event_id AND o.destination_id = g.destination_id
LEFT JOIN reached AS r
    ON r.number = g.number AND r.grant_event_id = g.grant_event_id AND r.destination_id = g.destination_id
