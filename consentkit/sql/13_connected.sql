-- One row per destination and source connected to it. The events of no declared source may go anywhere.
SELECT
    d.version_id AS version_id,
    d.destination_id AS destination_id,
    s.source_id AS source_id
FROM destination AS d
INNER JOIN source AS s ON s.version_id = d.version_id
LEFT JOIN connection AS c
    ON c.version_id = d.version_id AND c.destination_id = d.destination_id AND c.source_id = s.source_id
WHERE d.enabled = TRUE AND (d.connected_to_all = TRUE OR (s.source_id = 0 AND d.kind <> 'platform') OR c.source_id IS NOT NULL)
