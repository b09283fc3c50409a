-- One row per check of what was read, kind of input and file. Checks: unread, lines that were set aside; lost,
-- lines that ended in no account at all; damaged, files that could not be read to their end (out of files).
WITH part AS (
    SELECT 'unread' AS code, f.kind AS kind, f.path AS path, f.lines AS checked, f.rejected AS failing
    FROM input_file AS f
    UNION ALL
    SELECT
        'lost' AS code, f.kind AS kind, f.path AS path, f.lines AS checked,
        ABS(f.lines - f.loaded - f.rejected - f.duplicates) AS failing
    FROM input_file AS f
    UNION ALL
    SELECT
        'damaged' AS code, f.kind AS kind, f.path AS path, 1 AS checked,
        CASE WHEN f.problem IS NULL THEN 0 ELSE 1 END AS failing
    FROM input_file AS f
)
SELECT
    p.code AS code,
    p.kind AS kind,
    p.path AS path,
    CAST(SUM(p.checked) AS BIGINT) AS checked,
    CAST(0 AS BIGINT) AS unclear,
    CAST(SUM(p.failing) AS BIGINT) AS failing,
    CAST(0 AS BIGINT) AS possible,
    CAST(NULL AS BIGINT) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM part AS p
GROUP BY p.code, p.kind, p.path
