-- One row per destination: does it need any consent, by a category mapped to it or a setting of its own?
SELECT
    d.version_id AS version_id,
    d.destination_id AS destination_id,
    CASE WHEN COUNT(r.category_id) + COUNT(c.category_id) > 0 THEN TRUE ELSE FALSE END AS needs_consent
FROM destination AS d
LEFT JOIN requirement AS r ON r.version_id = d.version_id AND r.destination_id = d.destination_id
LEFT JOIN destination_consent AS c ON c.version_id = d.version_id AND c.destination_id = d.destination_id AND c.category_id <> ''
GROUP BY d.version_id, d.destination_id
