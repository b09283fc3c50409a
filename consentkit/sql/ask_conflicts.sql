-- Choices that stand against each other, by cause and category: how many, of how many people, and what hangs on them.
SELECT
    c.cause, c.category_id AS category, count(*) AS conflicts, count(*) FILTER (c.is_current) AS standing,
    count(DISTINCT c.user_id) AS people, CAST(sum(c.deliveries) AS BIGINT) AS deliveries
FROM profile_conflict AS c
GROUP BY ALL
ORDER BY ALL
