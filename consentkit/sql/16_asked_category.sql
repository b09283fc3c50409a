-- One row per category that the newest policy asks people about: the enabled ones it lists, and at RudderStack the ids that
-- a setting of an enabled destination names, since a policy need not list those (RULES.md 4).
SELECT c.category_id AS category_id
FROM category AS c
INNER JOIN newest_version AS n ON n.version_id = c.version_id
WHERE c.enabled = TRUE
UNION
SELECT t.category_id AS category_id
FROM destination_consent AS t
INNER JOIN newest_version AS n ON n.version_id = t.version_id
INNER JOIN destination AS d ON d.version_id = t.version_id AND d.destination_id = t.destination_id
WHERE d.enabled = TRUE AND t.category_id <> ''
