-- One row per destination of the newest policy version that is known, enabled and not exempt, and the one check
-- of it: unmapped, no category is mapped to it and no setting asks for one, so that nothing ever stops it (RULES.md 2.1).
SELECT
    'unmapped' AS code,
    d.name AS destination,
    d.kind AS kind,
    CAST(1 AS BIGINT) AS checked,
    CAST(0 AS BIGINT) AS unclear,
    CAST(CASE WHEN w.needs_consent = TRUE THEN 0 ELSE 1 END AS BIGINT) AS failing,
    CAST(0 AS BIGINT) AS possible,
    CAST(NULL AS BIGINT) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM destination AS d
INNER JOIN newest_version AS n ON n.version_id = d.version_id
INNER JOIN destination_need AS w ON w.version_id = d.version_id AND w.destination_id = d.destination_id
WHERE d.known = TRUE AND d.enabled = TRUE AND d.kind <> 'aws-s3' AND (d.kind <> 'engage' OR d.enforced = TRUE)
