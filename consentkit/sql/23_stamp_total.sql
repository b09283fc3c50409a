-- One row per consent stamp that names categories: how many it names, grants, and leaves unclear; twice: by two values that differ.
SELECT
    k.stamp_id AS stamp_id,
    COUNT(*) AS named,
    SUM(CASE WHEN k.granted = TRUE THEN 1 ELSE 0 END) AS granted,
    SUM(CASE WHEN k.truthy = TRUE THEN 1 ELSE 0 END) AS truthy,
    SUM(CASE WHEN k.granted IS NULL THEN 1 ELSE 0 END) AS unclear,
    SUM(CASE WHEN k.truthy IS NULL THEN 1 ELSE 0 END) AS twice
FROM stamp_category AS k
GROUP BY k.stamp_id
