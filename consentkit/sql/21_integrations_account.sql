-- One row per integrations object and destination it names, under any of the destination's names:
-- how often it allows, denies and says something unclear. Warehouses have a name in common (RULES.md 2.6).
WITH called AS (
    SELECT a.version_id AS version_id, a.destination_id AS destination_id, a.name AS name
    FROM destination_alias AS a
    UNION
    SELECT d.version_id AS version_id, d.destination_id AS destination_id, 'Warehouses' AS name
    FROM destination AS d
    WHERE d.kind = 'warehouse'
)
SELECT
    e.integrations_id AS integrations_id,
    c.version_id AS version_id,
    c.destination_id AS destination_id,
    SUM(CASE WHEN e.entry = 'allow' THEN 1 ELSE 0 END) AS allowed,
    SUM(CASE WHEN e.entry = 'deny' THEN 1 ELSE 0 END) AS denied,
    SUM(CASE WHEN e.entry = 'unclear' THEN 1 ELSE 0 END) AS unclear
FROM integrations_entry AS e
INNER JOIN called AS c ON c.name = e.name
GROUP BY e.integrations_id, c.version_id, c.destination_id
