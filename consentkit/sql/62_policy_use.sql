-- One row per part of the newest policy version that data should show: an enabled category, in consent objects as they
-- differ; an enabled destination that needs consent, in delivery records and counts; at RudderStack also an id that a
-- destination is configured for. Not seen among 0 looked at says nothing; not seen among some is V22 or X40 (RULES.md 10).
WITH named AS (
    SELECT DISTINCT k.stamp_id AS stamp_id, k.category_id AS category_id
    FROM stamp_category AS k
    UNION
    SELECT k.stamp_id AS stamp_id, k.consent_id AS category_id
    FROM stamp_listed AS k
    CROSS JOIN newest_version AS n
    INNER JOIN policy_version AS v ON v.version_id = n.version_id AND v.platform = 'rudderstack'
),
logged AS (
    SELECT r.route_id AS route_id, r.records AS records
    FROM route_count AS r
    UNION ALL
    SELECT c.route_id AS route_id, CAST(SUM(c.records) AS BIGINT) AS records
    FROM delivery_count AS c
    GROUP BY c.route_id
),
needing AS (
    SELECT r.version_id AS version_id, r.destination_id AS destination_id
    FROM requirement AS r
    UNION
    SELECT s.version_id AS version_id, s.destination_id AS destination_id
    FROM destination_consent AS s
)
SELECT
    'category' AS part,
    c.category_id AS name,
    NULL AS provider,
    NULL AS source,
    COUNT(k.stamp_id) AS seen,
    (SELECT COUNT(DISTINCT a.stamp_id) AS looked_at FROM named AS a) AS looked_at
FROM category AS c
INNER JOIN newest_version AS n ON n.version_id = c.version_id
LEFT JOIN named AS k ON k.category_id = c.category_id
WHERE c.enabled = TRUE
GROUP BY c.category_id
UNION ALL
SELECT
    'destination' AS part,
    d.name AS name,
    NULL AS provider,
    NULL AS source,
    CAST(COALESCE(SUM(l.records), 0) AS BIGINT) AS seen,
    (SELECT CAST(COALESCE(SUM(a.records), 0) AS BIGINT) AS looked_at FROM logged AS a) AS looked_at
FROM destination AS d
INNER JOIN newest_version AS n ON n.version_id = d.version_id
INNER JOIN needing AS g ON g.version_id = d.version_id AND g.destination_id = d.destination_id
LEFT JOIN route_meaning AS m ON m.version_id = d.version_id AND m.destination_id = d.destination_id
LEFT JOIN logged AS l ON l.route_id = m.route_id
WHERE d.enabled = TRUE
GROUP BY d.name
UNION ALL
SELECT
    'consent id' AS part,
    u.consent_id AS name,
    u.provider AS provider,
    e.name AS source,
    u.seen AS seen,
    u.looked_at AS looked_at
FROM setting_use AS u
CROSS JOIN newest_version AS n
LEFT JOIN source AS e ON e.version_id = n.version_id AND e.source_id = u.source_id AND u.source_id > 0
