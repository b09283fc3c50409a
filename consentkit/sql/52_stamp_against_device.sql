-- One row per event whose stamp contradicts the latest preference event of its own device (RULES.md 10, V11).
-- Only categories that both name are compared, since a banner may add some. The stamp may be that of any moment from
-- the event to its arrival, because buffered events are stamped when they are sent (section 9, row 17), and the clocks
-- may differ by a few minutes: it contradicts only where it agrees with no preference in force in that time.
-- Left out: a total rejection by a web library, whose preference event the wrapper drops (section 9, row 6).
-- What was in force is looked for as a running maximum, first of all choices, then of those alike that the stamp agrees
-- with: a join by ranges sets each event of a device against each of its choices. That is done only where more than a hundred
-- of either are worded differently, as by a time or an id in the consent object: to compare each two would cost more.
WITH period AS (
    SELECT
        p.subject_id AS anonymous_id, p.event_id AS event_id, p.stamp_id AS stamp_id, p.valid_from AS valid_from, p.valid_to AS valid_to
    FROM preference_period AS p
    WHERE p.subject_kind = 'device'
),
device AS (
    SELECT
        p.anonymous_id AS anonymous_id, MIN(p.valid_from) AS first_from, MIN(p.stamp_id) AS least_stamp, MAX(p.stamp_id) AS most_stamp,
        COUNT(DISTINCT p.stamp_id) AS wordings
    FROM period AS p
    GROUP BY p.anonymous_id
),
stamped AS (
    SELECT
        e.event_id AS event_id,
        e.anonymous_id AS anonymous_id,
        g.stamp_id AS stamp_id,
        CASE WHEN COALESCE(e.library, 'analytics.js') IN ('analytics.js', '@segment/analytics-next') THEN TRUE ELSE FALSE END AS web,
        e.event_at AS event_at,
        e.stamped_from AS since,
        e.stamped_to AS until,
        d.wordings AS wordings
    FROM event AS e
    INNER JOIN signature AS g ON g.signature_id = e.signature_id
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    INNER JOIN device AS d ON d.anonymous_id = e.anonymous_id AND d.first_from <= e.stamped_from
    WHERE g.kind = 'event' AND s.state IN ('A3', 'A4') AND s.dialect = 'segment'
        AND (d.least_stamp <> g.stamp_id OR d.most_stamp <> g.stamp_id)
),
moment AS (
    SELECT t.event_id AS event_id, t.anonymous_id AS anonymous_id, t.event_at AS at, NULL AS valid_from, 1 AS place
    FROM stamped AS t
    UNION ALL
    SELECT NULL AS event_id, p.anonymous_id AS anonymous_id, p.valid_from AS at, p.valid_from AS valid_from, 0 AS place
    FROM period AS p
    WHERE EXISTS (SELECT 1 FROM stamped AS t WHERE t.anonymous_id = p.anonymous_id)
),
latest AS (
    SELECT m.event_id AS event_id, MAX(m.valid_from) OVER (PARTITION BY m.anonymous_id ORDER BY m.at, m.place) AS valid_from
    FROM moment AS m
),
suspect AS (
    SELECT
        t.event_id AS event_id,
        t.anonymous_id AS anonymous_id,
        t.stamp_id AS stamp_id,
        p.event_id AS preference_event_id,
        p.stamp_id AS said_id,
        t.web AS web,
        t.since AS since,
        t.until AS until,
        t.wordings AS wordings
    FROM stamped AS t
    INNER JOIN latest AS l ON l.event_id = t.event_id
    INNER JOIN period AS p ON p.anonymous_id = t.anonymous_id AND p.valid_from = l.valid_from
    WHERE p.stamp_id <> t.stamp_id
),
few AS (
    SELECT x.anonymous_id AS anonymous_id
    FROM suspect AS x
    GROUP BY x.anonymous_id
    HAVING COUNT(DISTINCT x.stamp_id) <= 100 AND MIN(x.wordings) <= 100
),
met AS (
    SELECT DISTINCT x.anonymous_id AS anonymous_id, x.stamp_id AS stamp_id, p.stamp_id AS said_id
    FROM (SELECT DISTINCT y.anonymous_id AS anonymous_id, y.stamp_id AS stamp_id FROM suspect AS y) AS x
    INNER JOIN few AS f ON f.anonymous_id = x.anonymous_id
    INNER JOIN (SELECT DISTINCT q.anonymous_id AS anonymous_id, q.stamp_id AS stamp_id FROM period AS q) AS p
        ON p.anonymous_id = x.anonymous_id
),
worded AS (
    SELECT x.event_id AS event_id, x.stamp_id AS stamp_id, p.stamp_id AS said_id
    FROM suspect AS x
    INNER JOIN period AS p ON p.anonymous_id = x.anonymous_id AND p.valid_from <= x.until AND p.valid_to > x.since
    WHERE NOT EXISTS (SELECT 1 FROM few AS f WHERE f.anonymous_id = x.anonymous_id)
),
pair AS (
    SELECT m.stamp_id AS stamp_id, m.said_id AS said_id
    FROM met AS m
    UNION
    SELECT w.stamp_id AS stamp_id, w.said_id AS said_id
    FROM worded AS w
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
agreeing AS (
    SELECT m.anonymous_id AS anonymous_id, m.stamp_id AS stamp_id, m.said_id AS said_id
    FROM met AS m
    INNER JOIN compared AS c ON c.stamp_id = m.stamp_id AND c.said_id = m.said_id
    WHERE c.granted_too_much + c.refused_too_much = 0
),
near AS (
    SELECT x.event_id AS event_id, x.anonymous_id AS anonymous_id, a.said_id AS said_id, x.since AS since, x.until AS at, NULL AS valid_to, 1 AS place
    FROM suspect AS x
    INNER JOIN agreeing AS a ON a.anonymous_id = x.anonymous_id AND a.stamp_id = x.stamp_id
    UNION ALL
    SELECT
        NULL AS event_id, p.anonymous_id AS anonymous_id, p.stamp_id AS said_id, NULL AS since, p.valid_from AS at, p.valid_to AS valid_to,
        0 AS place
    FROM period AS p
    WHERE EXISTS (SELECT 1 FROM agreeing AS a WHERE a.anonymous_id = p.anonymous_id AND a.said_id = p.stamp_id)
),
lasting AS (
    SELECT
        n.event_id AS event_id,
        n.since AS since,
        MAX(n.valid_to) OVER (PARTITION BY n.anonymous_id, n.said_id ORDER BY n.at, n.place) AS valid_to
    FROM near AS n
),
cleared AS (
    SELECT l.event_id AS event_id
    FROM lasting AS l
    WHERE l.valid_to > l.since
    UNION
    SELECT w.event_id AS event_id
    FROM worded AS w
    INNER JOIN compared AS c ON c.stamp_id = w.stamp_id AND c.said_id = w.said_id
    WHERE c.granted_too_much + c.refused_too_much = 0
)
SELECT
    x.event_id AS event_id,
    x.preference_event_id AS preference_event_id,
    CASE WHEN c.granted_too_much = 1 THEN 'granted although refused' ELSE 'refused although granted' END AS detail
FROM suspect AS x
INNER JOIN compared AS c ON c.stamp_id = x.stamp_id AND c.said_id = x.said_id
LEFT JOIN cleared AS f ON f.event_id = x.event_id
LEFT JOIN stamp_total AS t ON t.stamp_id = x.stamp_id
WHERE f.event_id IS NULL AND (c.granted_too_much = 1 OR COALESCE(t.granted, 0) > 0 OR x.web = FALSE)
