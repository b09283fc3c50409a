-- One row per destination of the newest policy version: the categories it needs; exempt: by its kind nothing enforces them.
SELECT
    d.name AS destination, d.kind, d.enabled, d.kind = 'aws-s3' OR (d.kind = 'engage' AND NOT d.enforced) AS exempt,
    string_agg(r.category_id, ', ' ORDER BY r.category_id) AS categories
FROM destination AS d
INNER JOIN newest_version AS n ON n.version_id = d.version_id
LEFT JOIN requirement AS r ON r.version_id = d.version_id AND r.destination_id = d.destination_id
WHERE d.known AND d.kind <> 'platform'
GROUP BY d.name, d.kind, d.enabled, d.enforced
ORDER BY d.name
