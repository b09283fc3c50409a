-- One row per consent stamp and category that it answers for, in whatever words and places (by the newest policy): granted
-- is true, false, or null where it cannot be read. A refusal anywhere counts (RULES.md 11). A category without a
-- row got no answer, which is no refusal. What rates and the history of consent read.
WITH told AS (
    SELECT s.stamp_id AS stamp_id, s.category_id AS category_id, s.says AS says
    FROM stamp_said AS s
    UNION ALL
    SELECT r.stamp_id AS stamp_id, r.category_id AS category_id, r.says AS says
    FROM stamp_reading AS r
    INNER JOIN newest_version AS n ON n.version_id = r.version_id
    WHERE r.says <> 'unset'
)
SELECT
    t.stamp_id AS stamp_id,
    t.category_id AS category_id,
    CASE
        WHEN SUM(CASE WHEN t.says = 'refused' THEN 1 ELSE 0 END) > 0 THEN FALSE
        WHEN SUM(CASE WHEN t.says = 'unreadable' THEN 1 ELSE 0 END) = 0 THEN TRUE
    END AS granted
FROM told AS t
GROUP BY t.stamp_id, t.category_id
