-- One row per category of the policy: events whose stamp, whichever tool wrote it, grants it, refuses it, or does not answer.
WITH counted AS (
    SELECT g.stamp_id, count(*) AS n
    FROM event AS e
    INNER JOIN signature AS g ON g.signature_id = e.signature_id
    GROUP BY g.stamp_id
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
