-- One row per event whose stamp contradicts the latest preference event of its own device (RULES.md 10, V11).
-- Only categories that both name are compared, since a banner may add some. The stamp may be that of any moment from
-- the event to its arrival, because buffered events are stamped when they are sent (section 9, row 17), and the clocks
-- may differ by a few minutes: it contradicts only where it agrees with no preference in force in that time.
-- Left out: a total rejection by a web library, whose preference event the wrapper drops (section 9, row 6).
WITH suspect AS (
    SELECT
        e.event_id AS event_id,
        e.anonymous_id AS anonymous_id,
        g.stamp_id AS stamp_id,
        p.event_id AS preference_event_id,
        CASE WHEN COALESCE(e.library, 'analytics.js') IN ('analytics.js', '@segment/analytics-next') THEN TRUE ELSE FALSE END AS web,
        e.stamped_from AS since,
        e.stamped_to AS until
    FROM event AS e
    INNER JOIN signature AS g ON g.signature_id = e.signature_id
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    INNER JOIN preference_period AS p
        ON p.subject_id = e.anonymous_id AND p.valid_from <= e.event_at AND e.event_at < p.valid_to
    WHERE g.kind = 'event' AND s.state IN ('A3', 'A4') AND s.dialect = 'segment' AND p.subject_kind = 'device'
        AND p.stamp_id <> g.stamp_id
),
near AS (
    SELECT
        x.event_id AS event_id,
        x.stamp_id AS stamp_id,
        p.stamp_id AS said_id,
        CASE WHEN p.valid_from <= x.since THEN 1 ELSE 0 END AS from_before,
        CASE WHEN p.event_id = x.preference_event_id THEN TRUE ELSE FALSE END AS latest
    FROM suspect AS x
    INNER JOIN preference_period AS p
        ON p.subject_id = x.anonymous_id AND p.valid_from <= x.until AND p.valid_to > x.since
    WHERE p.subject_kind = 'device'
),
pair AS (
    SELECT DISTINCT n.stamp_id AS stamp_id, n.said_id AS said_id
    FROM near AS n
),
compared AS (
    SELECT
        a.stamp_id AS stamp_id,
        a.said_id AS said_id,
        MAX(CASE WHEN k.granted = TRUE AND (c.granted = FALSE OR o.state = 'A3') THEN 1 ELSE 0 END) AS granted_too_much,
        MAX(CASE WHEN k.granted = FALSE AND c.granted = TRUE THEN 1 ELSE 0 END) AS refused_too_much
    FROM pair AS a
    INNER JOIN stamp AS o ON o.stamp_id = a.said_id
    INNER JOIN stamp_category AS k ON k.stamp_id = a.stamp_id
    LEFT JOIN stamp_category AS c ON c.stamp_id = a.said_id AND c.category_id = k.category_id
    GROUP BY a.stamp_id, a.said_id
    UNION ALL
    SELECT
        a.stamp_id AS stamp_id,
        a.said_id AS said_id,
        0 AS granted_too_much,
        CASE WHEN COALESCE(t.granted, 0) > 0 THEN 1 ELSE 0 END AS refused_too_much
    FROM pair AS a
    INNER JOIN stamp AS s ON s.stamp_id = a.stamp_id
    LEFT JOIN stamp_total AS t ON t.stamp_id = a.said_id
    WHERE s.state = 'A3'
),
judged AS (
    SELECT
        n.event_id AS event_id,
        n.stamp_id AS stamp_id,
        MAX(n.from_before) AS from_before,
        MIN(c.granted_too_much + c.refused_too_much) AS always_contradicts,
        MAX(CASE WHEN n.latest = TRUE THEN c.granted_too_much ELSE 0 END) AS granted_too_much
    FROM near AS n
    INNER JOIN compared AS c ON c.stamp_id = n.stamp_id AND c.said_id = n.said_id
    GROUP BY n.event_id, n.stamp_id
)
SELECT
    j.event_id AS event_id,
    x.preference_event_id AS preference_event_id,
    CASE WHEN j.granted_too_much = 1 THEN 'granted although refused' ELSE 'refused although granted' END AS detail
FROM judged AS j
INNER JOIN suspect AS x ON x.event_id = j.event_id
LEFT JOIN stamp_total AS t ON t.stamp_id = j.stamp_id
WHERE j.from_before = 1 AND j.always_contradicts > 0
    AND (j.granted_too_much = 1 OR COALESCE(t.granted, 0) > 0 OR x.web = FALSE)
