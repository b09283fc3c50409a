-- One row per finding about the input itself, or about the policy against it: n of out_of.
-- Lines for X1, files for X2, events for the others, categories for V22.
SELECT
    'X1' AS code, j.code AS detail, COUNT(*) AS n,
    (SELECT CAST(SUM(f.lines) AS BIGINT) FROM input_file AS f) AS out_of,
    CAST(NULL AS TIMESTAMP) AS first_seen, CAST(NULL AS TIMESTAMP) AS last_seen
FROM rejected_line AS j
GROUP BY j.code
UNION ALL
SELECT
    'X2' AS code, f.problem AS detail, COUNT(*) AS n,
    (SELECT COUNT(*) FROM input_file AS g) AS out_of,
    MIN(f.first_at) AS first_seen, MAX(f.last_at) AS last_seen
FROM input_file AS f
WHERE f.problem IS NOT NULL
GROUP BY f.problem
UNION ALL
SELECT
    'X6' AS code, CASE WHEN e.event_at IS NULL THEN 'undated' ELSE 'before the first version' END AS detail, COUNT(*) AS n,
    (SELECT COUNT(*) FROM event AS v) AS out_of,
    MIN(e.event_at) AS first_seen, MAX(e.event_at) AS last_seen
FROM event_in_force AS e
WHERE e.version_id IS NULL
GROUP BY CASE WHEN e.event_at IS NULL THEN 'undated' ELSE 'before the first version' END
UNION ALL
SELECT
    'X9' AS code, NULL AS detail, COUNT(*) AS n,
    (SELECT COUNT(*) FROM event AS v) AS out_of,
    MIN(e.event_at) AS first_seen, MAX(e.event_at) AS last_seen
FROM shared_message AS s
INNER JOIN event AS e ON e.event_id = s.event_id
HAVING COUNT(*) > 0
UNION ALL
SELECT
    'X10' AS code, CASE WHEN e.unreadable_time = TRUE THEN 'unreadable' ELSE 'absent' END AS detail, COUNT(*) AS n,
    (SELECT COUNT(*) FROM event AS v) AS out_of,
    CAST(NULL AS TIMESTAMP) AS first_seen, CAST(NULL AS TIMESTAMP) AS last_seen
FROM event AS e
WHERE e.event_at IS NULL
GROUP BY CASE WHEN e.unreadable_time = TRUE THEN 'unreadable' ELSE 'absent' END
UNION ALL
SELECT
    'V22' AS code, c.category_id AS detail, 1 AS n,
    (SELECT COUNT(*) FROM category AS o INNER JOIN newest_version AS w ON w.version_id = o.version_id) AS out_of,
    CAST(NULL AS TIMESTAMP) AS first_seen, CAST(NULL AS TIMESTAMP) AS last_seen
FROM category AS c
INNER JOIN newest_version AS n ON n.version_id = c.version_id
LEFT JOIN (SELECT DISTINCT k.category_id AS category_id FROM stamp_category AS k) AS t ON t.category_id = c.category_id
WHERE c.enabled = TRUE AND t.category_id IS NULL
    AND EXISTS (SELECT 1 FROM stamp_category AS a)
