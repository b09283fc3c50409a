-- One row per destination of the newest policy version that is known, enabled and not exempt, and the one check
-- of it: unmapped, it needs no category at all, so that nothing ever stops it (RULES.md 2.1).
WITH needed AS (
    SELECT r.version_id AS version_id, r.destination_id AS destination_id, COUNT(*) AS categories
    FROM requirement AS r
    GROUP BY r.version_id, r.destination_id
)
SELECT
    'unmapped' AS code,
    d.name AS destination,
    d.kind AS kind,
    CAST(1 AS BIGINT) AS checked,
    CAST(0 AS BIGINT) AS unclear,
    CAST(CASE WHEN r.categories IS NULL THEN 1 ELSE 0 END AS BIGINT) AS failing,
    CAST(0 AS BIGINT) AS possible,
    CAST(NULL AS BIGINT) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM destination AS d
INNER JOIN newest_version AS n ON n.version_id = d.version_id
LEFT JOIN needed AS r ON r.version_id = d.version_id AND r.destination_id = d.destination_id
WHERE d.known = TRUE AND d.enabled = TRUE AND d.kind <> 'aws-s3' AND (d.kind <> 'engage' OR d.enforced = TRUE)
