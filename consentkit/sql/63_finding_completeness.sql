-- One row per finding about the input itself, or about the policy against it: n of out_of.
-- Lines for X1, files for X2 and X12, categories for V22, destinations for X40, filled cells for X21 and X30, days for X27, records for X29;
-- events for the others.
SELECT
    'X1' AS code, j.code AS detail, COUNT(*) AS n,
    (SELECT CAST(SUM(f.lines) AS BIGINT) AS n FROM input_file AS f) AS out_of,
    CAST(NULL AS TIMESTAMP) AS first_seen, CAST(NULL AS TIMESTAMP) AS last_seen
FROM rejected_line AS j
GROUP BY j.code
UNION ALL
SELECT
    CASE WHEN f.problem = 'empty' THEN 'X12' ELSE 'X2' END AS code, f.problem AS detail, COUNT(*) AS n,
    (SELECT COUNT(*) AS n FROM input_file AS g) AS out_of,
    MIN(f.first_at) AS first_seen, MAX(f.last_at) AS last_seen
FROM input_file AS f
WHERE f.problem IS NOT NULL
GROUP BY f.problem
UNION ALL
SELECT
    'X6' AS code, CASE WHEN e.event_at IS NULL THEN 'undated' ELSE 'before the first version' END AS detail, COUNT(*) AS n,
    (SELECT COUNT(*) AS n FROM event AS v) AS out_of,
    MIN(e.event_at) AS first_seen, MAX(e.event_at) AS last_seen
FROM event_in_force AS e
WHERE e.version_id IS NULL
GROUP BY CASE WHEN e.event_at IS NULL THEN 'undated' ELSE 'before the first version' END
UNION ALL
SELECT
    'X9' AS code, NULL AS detail, COUNT(*) AS n,
    (SELECT COUNT(*) AS n FROM event AS v) AS out_of,
    MIN(e.event_at) AS first_seen, MAX(e.event_at) AS last_seen
FROM shared_message AS s
INNER JOIN event AS e ON e.event_id = s.event_id
HAVING COUNT(*) > 0
UNION ALL
SELECT
    'X10' AS code, CASE WHEN e.unreadable_time = TRUE THEN 'unreadable' ELSE 'absent' END AS detail, COUNT(*) AS n,
    (SELECT COUNT(*) AS n FROM event AS v) AS out_of,
    CAST(NULL AS TIMESTAMP) AS first_seen, CAST(NULL AS TIMESTAMP) AS last_seen
FROM event AS e
WHERE e.event_at IS NULL
GROUP BY CASE WHEN e.unreadable_time = TRUE THEN 'unreadable' ELSE 'absent' END
UNION ALL
SELECT
    CASE WHEN u.part = 'destination' THEN 'X40' ELSE 'V22' END AS code, u.name AS detail, 1 AS n,
    CASE
        WHEN u.part = 'destination' THEN (SELECT COUNT(*) AS n FROM policy_use AS o WHERE o.part = 'destination')
        ELSE (
            SELECT COUNT(*) AS n
            FROM (
                SELECT o.category_id AS name FROM category AS o INNER JOIN newest_version AS w ON w.version_id = o.version_id
                UNION
                SELECT i.consent_id AS name FROM setting_use AS i
            ) AS c
        )
    END AS out_of,
    CAST(NULL AS TIMESTAMP) AS first_seen, CAST(NULL AS TIMESTAMP) AS last_seen
FROM (
    SELECT DISTINCT a.name AS name, CASE WHEN a.part = 'destination' THEN a.part ELSE 'category' END AS part
    FROM policy_use AS a
    WHERE a.seen = 0 AND a.looked_at > 0
) AS u
UNION ALL
SELECT
    CASE WHEN w.mapped = TRUE OR p.part IS NOT NULL THEN 'X30' ELSE 'X21' END AS code,
    w.column_name AS detail, CAST(SUM(w.filled) AS BIGINT) AS n, CAST(SUM(f.lines) AS BIGINT) AS out_of,
    MIN(f.first_at) AS first_seen, MAX(f.last_at) AS last_seen
FROM warehouse_column AS w
INNER JOIN input_file AS f ON f.file_id = w.file_id
LEFT JOIN (
    SELECT DISTINCT c.part AS part, c.category_id AS category_id FROM category_column AS c
) AS p ON p.part = w.part AND (w.mapped = FALSE OR p.category_id = w.category_id)
WHERE w.filled > 0 AND (w.mapped = FALSE OR p.part IS NULL) AND EXISTS (SELECT 1 FROM policy_version AS v)
GROUP BY CASE WHEN w.mapped = TRUE OR p.part IS NOT NULL THEN 'X30' ELSE 'X21' END, w.column_name
UNION ALL
SELECT
    'X22' AS code, a.category_id AS detail, MAX(a.events) AS n, CAST(NULL AS BIGINT) AS out_of,
    MIN(a.first_at) AS first_seen, MAX(a.last_at) AS last_seen
FROM column_period AS a
CROSS JOIN column_period AS b
WHERE a.last_at < b.first_at
GROUP BY a.category_id
UNION ALL
SELECT
    'X23' AS code, d.name AS detail, MAX(h.events) AS n, MAX(h.all_events) AS out_of,
    MIN(h.first_at) AS first_seen, MAX(h.last_at) AS last_seen
FROM destination AS d
INNER JOIN newest_version AS v ON v.version_id = d.version_id
INNER JOIN requirement AS r ON r.version_id = d.version_id AND r.destination_id = d.destination_id
CROSS JOIN (
    SELECT
        COUNT(t.file_id) AS events, COUNT(*) AS all_events,
        MIN(CASE WHEN t.file_id IS NOT NULL THEN e.event_at END) AS first_at,
        MAX(CASE WHEN t.file_id IS NOT NULL THEN e.event_at END) AS last_at
    FROM event AS e
    LEFT JOIN warehouse_table AS t ON t.file_id = e.file_id
    WHERE EXISTS (SELECT 1 FROM warehouse_table AS o)
) AS h
WHERE d.kind = 'warehouse' AND d.enabled = TRUE AND h.events > 0
GROUP BY d.name
UNION ALL
SELECT
    'X24' AS code, CAST(NULL AS VARCHAR) AS detail, COUNT(*) AS n,
    (SELECT COUNT(*) AS n FROM event AS v) AS out_of,
    MIN(e.event_at) AS first_seen, MAX(e.event_at) AS last_seen
FROM integrations AS i
INNER JOIN signature AS g ON g.integrations_id = i.integrations_id
INNER JOIN event AS e ON e.signature_id = g.signature_id
WHERE i.form = 'not_recorded'
HAVING COUNT(*) > 0
UNION ALL
-- a gap only where there is a rhythm: fewer days missing than there are
SELECT
    'X27' AS code, CAST(y.missing_from AS VARCHAR) AS detail, y.missing AS n, q.days AS out_of,
    CAST(NULL AS TIMESTAMP) AS first_seen, CAST(NULL AS TIMESTAMP) AS last_seen
FROM event_day AS y
CROSS JOIN (
    SELECT CAST(COUNT(*) + SUM(o.missing) AS BIGINT) AS days, COUNT(*) AS there, SUM(o.missing) AS missing FROM event_day AS o
) AS q
WHERE y.missing > 0 AND q.there > q.missing
UNION ALL
SELECT
    'X28' AS code, CAST(NULL AS VARCHAR) AS detail, COUNT(*) AS n,
    (SELECT COUNT(*) AS n FROM event AS v) AS out_of,
    MIN(u.event_at) AS first_seen, MAX(u.event_at) AS last_seen
FROM event_unlogged AS u
HAVING COUNT(*) > 0
UNION ALL
-- each reason by itself: an unknown word is told although its destination is unknown too
SELECT
    'X29' AS code, u.detail AS detail,
    CAST(SUM(u.records) AS BIGINT) AS n,
    (SELECT CAST(SUM(a.records) AS BIGINT) AS n FROM delivery_count AS a) AS out_of,
    CAST(NULL AS TIMESTAMP) AS first_seen, CAST(NULL AS TIMESTAMP) AS last_seen
FROM (
    SELECT w.problem AS problem, w.word AS detail, n.records AS records
    FROM delivery_count AS n
    INNER JOIN (
        SELECT m.route_id AS route_id, 'destination' AS problem, o.destination AS word
        FROM route_meaning AS m
        INNER JOIN newest_version AS v ON v.version_id = m.version_id
        INNER JOIN destination AS d ON d.version_id = m.version_id AND d.destination_id = m.destination_id
        INNER JOIN route AS o ON o.route_id = m.route_id
        WHERE d.known = FALSE
        UNION ALL
        SELECT m.route_id AS route_id, 'status' AS problem, COALESCE(o.status, 'no status') AS word
        FROM route_meaning AS m
        INNER JOIN newest_version AS v ON v.version_id = m.version_id
        INNER JOIN route AS o ON o.route_id = m.route_id
        WHERE m.status = 'unknown'
        UNION ALL
        SELECT m.route_id AS route_id, 'reason' AS problem, o.reason AS word
        FROM route_meaning AS m
        INNER JOIN newest_version AS v ON v.version_id = m.version_id
        INNER JOIN route AS o ON o.route_id = m.route_id
        WHERE m.reason_means = 'unknown'
    ) AS w ON w.route_id = n.route_id
    UNION ALL
    SELECT 'day' AS problem, 'no events on these days' AS detail, n.records AS records
    FROM delivery_count AS n
    LEFT JOIN event_day AS y ON y.day = n.day
    WHERE y.day IS NULL AND EXISTS (SELECT 1 FROM newest_version AS v)
) AS u
GROUP BY u.problem, u.detail
UNION ALL
-- places the policy names that were not looked at when these files were read
SELECT
    'X32' AS code, p.place AS detail, CAST(SUM(f.loaded) AS BIGINT) AS n,
    (SELECT COUNT(*) AS n FROM event AS v) AS out_of,
    MIN(f.first_at) AS first_seen, MAX(f.last_at) AS last_seen
FROM (SELECT DISTINCT q.place AS place, q.path AS path FROM stamp_place AS q) AS p
CROSS JOIN input_file AS f
LEFT JOIN place_read AS r ON r.file_id = f.file_id AND r.path = p.path
WHERE f.kind IN ('events', 'warehouse') AND f.loaded > 0 AND r.file_id IS NULL
GROUP BY p.place
