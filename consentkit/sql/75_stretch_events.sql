-- One row per subject, stretch of time in which one of its choices closed a destination (refusal) or opened one (grant), and
-- source: how many events of the subject that are no preference events it sent in that time, and when the last. Stretches
-- without any are left out. Where they do not begin all at once each is the difference of two running counts: a join by ranges
-- sets each stretch of an id against each of its events.
WITH stretch AS (
    SELECT DISTINCT
        'refusal' AS choice, f.subject_kind AS subject_kind, f.subject_id AS subject_id, f.refused_at AS from_at, f.ended_at AS to_at
    FROM destination_refusal AS f
    UNION ALL
    SELECT DISTINCT
        'grant' AS choice, g.subject_kind AS subject_kind, g.subject_id AS subject_id, g.granted_at AS from_at, g.ended_at AS to_at
    FROM destination_grant AS g
),
asking AS (
    SELECT
        t.choice AS choice, t.subject_kind AS subject_kind, t.subject_id AS subject_id, MIN(t.from_at) AS first_at, MAX(t.from_at) AS last_at
    FROM stretch AS t
    GROUP BY t.choice, t.subject_kind, t.subject_id
),
sent AS (
    SELECT
        a.choice AS choice, s.subject_kind AS subject_kind, s.subject_id AS subject_id, o.source_id AS source_id, s.event_at AS event_at,
        CASE WHEN a.first_at = a.last_at THEN 1 ELSE 0 END AS at_once
    FROM event_subject AS s
    INNER JOIN asking AS a ON a.subject_kind = s.subject_kind AND a.subject_id = s.subject_id AND a.first_at <= s.event_at
    INNER JOIN signature AS g ON g.signature_id = s.signature_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = s.signature_id AND o.version_id = n.version_id
    WHERE g.kind = 'event'
),
counted AS (
    SELECT
        s.choice AS choice, s.subject_kind AS subject_kind, s.subject_id AS subject_id, s.source_id AS source_id, s.event_at AS event_at,
        COUNT(*) AS events
    FROM sent AS s
    WHERE s.at_once = 0
    GROUP BY s.choice, s.subject_kind, s.subject_id, s.source_id, s.event_at
),
edge AS (
    SELECT t.choice AS choice, t.subject_kind AS subject_kind, t.subject_id AS subject_id, t.from_at AS at FROM stretch AS t
    UNION
    SELECT t.choice AS choice, t.subject_kind AS subject_kind, t.subject_id AS subject_id, t.to_at AS at FROM stretch AS t
),
moment AS (
    SELECT
        s.choice AS choice, s.subject_kind AS subject_kind, s.subject_id AS subject_id, s.source_id AS source_id, s.event_at AS at,
        s.event_at AS event_at, s.events AS events, 1 AS place
    FROM counted AS s
    UNION ALL
    SELECT
        e.choice AS choice, e.subject_kind AS subject_kind, e.subject_id AS subject_id, o.source_id AS source_id, e.at AS at,
        NULL AS event_at, 0 AS events, 0 AS place
    FROM edge AS e
    INNER JOIN (
        SELECT DISTINCT s.choice AS choice, s.subject_kind AS subject_kind, s.subject_id AS subject_id, s.source_id AS source_id FROM counted AS s
    ) AS o ON o.choice = e.choice AND o.subject_kind = e.subject_kind AND o.subject_id = e.subject_id
),
running AS (
    SELECT
        m.choice AS choice,
        m.subject_kind AS subject_kind,
        m.subject_id AS subject_id,
        m.source_id AS source_id,
        m.at AS at,
        m.place AS place,
        SUM(m.events) OVER (
            PARTITION BY m.choice, m.subject_kind, m.subject_id, m.source_id ORDER BY m.at, m.place
        ) AS events,
        MAX(m.event_at) OVER (
            PARTITION BY m.choice, m.subject_kind, m.subject_id, m.source_id ORDER BY m.at, m.place
        ) AS last_at
    FROM moment AS m
)
SELECT
    t.choice AS choice,
    t.subject_kind AS subject_kind,
    t.subject_id AS subject_id,
    t.from_at AS from_at,
    t.to_at AS to_at,
    b.source_id AS source_id,
    CAST(z.events - b.events AS BIGINT) AS events,
    z.last_at AS last_at
FROM stretch AS t
INNER JOIN running AS b
    ON b.choice = t.choice AND b.subject_kind = t.subject_kind AND b.subject_id = t.subject_id AND b.at = t.from_at AND b.place = 0
INNER JOIN running AS z
    ON z.choice = t.choice AND z.subject_kind = t.subject_kind AND z.subject_id = t.subject_id AND z.at = t.to_at AND z.place = 0
    AND z.source_id = b.source_id
WHERE z.events > b.events
UNION ALL
SELECT
    t.choice AS choice,
    t.subject_kind AS subject_kind,
    t.subject_id AS subject_id,
    t.from_at AS from_at,
    t.to_at AS to_at,
    s.source_id AS source_id,
    COUNT(*) AS events,
    MAX(s.event_at) AS last_at
FROM stretch AS t
INNER JOIN sent AS s
    ON s.choice = t.choice AND s.subject_kind = t.subject_kind AND s.subject_id = t.subject_id
    AND s.event_at >= t.from_at AND s.event_at < t.to_at
WHERE s.at_once = 1
GROUP BY t.choice, t.subject_kind, t.subject_id, t.from_at, t.to_at, s.source_id
