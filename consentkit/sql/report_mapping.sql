-- One row per destination of the newest policy version: the categories it needs.
SELECT
    d.name AS destination, d.kind, d.enabled,
    string_agg(r.category_id, ', ' ORDER BY r.category_id) AS categories
FROM destination AS d
INNER JOIN newest_version AS n ON n.version_id = d.version_id
LEFT JOIN requirement AS r ON r.version_id = d.version_id AND r.destination_id = d.destination_id
WHERE d.known AND d.kind <> 'platform'
GROUP BY d.name, d.kind, d.enabled
ORDER BY d.name
