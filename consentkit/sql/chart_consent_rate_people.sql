-- One row per category of the policy: people whose last stamp that names any, whichever tool wrote it, grants it, refuses it, or does not answer.
WITH answered AS (
    SELECT e.person_key, arg_max(g.stamp_id, (coalesce(e.event_at, e.received_at, TIMESTAMP '0001-01-01'), e.event_id)) AS stamp_id
    FROM event AS e
    INNER JOIN signature AS g ON g.signature_id = e.signature_id
    WHERE e.person_key IS NOT NULL AND g.stamp_id IN (SELECT a.stamp_id FROM stamp_answer AS a)
    GROUP BY e.person_key
),
counted AS (
    SELECT a.stamp_id, count(*) AS n FROM answered AS a GROUP BY a.stamp_id
    UNION ALL
    SELECT NULL AS stamp_id, (SELECT count(DISTINCT e.person_key) FROM event AS e) - count(*) AS n FROM answered AS a
)
SELECT
    c.category_id AS category,
    CAST(coalesce(sum(s.n) FILTER (k.granted), 0) AS BIGINT) AS granted,
    CAST(coalesce(sum(s.n) FILTER (NOT k.granted), 0) AS BIGINT) AS refused,
    CAST(coalesce(sum(s.n) FILTER (k.granted IS NULL), 0) AS BIGINT) AS silent
FROM asked_category AS c
CROSS JOIN counted AS s
LEFT JOIN stamp_answer AS k ON k.stamp_id = s.stamp_id AND k.category_id = c.category_id
GROUP BY c.category_id
ORDER BY c.category_id
