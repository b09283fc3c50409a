-- One row per source and category that its settings list: said in the policy, or the categories of its destinations.
SELECT c.version_id AS version_id, c.source_id AS source_id, c.category_id AS category_id
FROM source_category AS c
UNION
SELECT t.version_id AS version_id, t.source_id AS source_id, r.category_id AS category_id
FROM source AS s
INNER JOIN connected AS t ON t.version_id = s.version_id AND t.source_id = s.source_id
INNER JOIN requirement AS r ON r.version_id = t.version_id AND r.destination_id = t.destination_id
WHERE s.lists_categories = FALSE
