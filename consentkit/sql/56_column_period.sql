-- One row per category that warehouse rows fill: how many events, and when the first and the last (RULES.md 2.7).
-- A category renamed has two columns, of which one ends when the other begins.
WITH counted AS (
    SELECT e.signature_id AS signature_id, COUNT(*) AS events, MIN(e.event_at) AS first_at, MAX(e.event_at) AS last_at
    FROM event AS e
    INNER JOIN warehouse_table AS t ON t.file_id = e.file_id
    GROUP BY e.signature_id
)
SELECT
    k.category_id AS category_id,
    CAST(SUM(c.events) AS BIGINT) AS events,
    MIN(c.first_at) AS first_at,
    MAX(c.last_at) AS last_at
FROM counted AS c
INNER JOIN signature AS g ON g.signature_id = c.signature_id
INNER JOIN stamp_category AS k ON k.stamp_id = g.stamp_id
GROUP BY k.category_id
