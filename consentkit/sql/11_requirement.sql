-- One row per destination and category it needs. A disabled category binds nothing (RULES.md 2.1).
SELECT
    m.version_id AS version_id,
    m.destination_id AS destination_id,
    m.category_id AS category_id
FROM category_destination AS m
INNER JOIN category AS c ON c.version_id = m.version_id AND c.category_id = m.category_id
WHERE c.enabled = TRUE
