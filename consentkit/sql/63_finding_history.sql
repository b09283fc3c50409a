-- One row per finding of an event or delivery held against the consent history (RULES.md 10, V11 to V13, V24, X43, X44).
WITH found AS (
    SELECT 'V11' AS code, 'certain' AS certainty, CAST(NULL AS BIGINT) AS destination_id, d.detail AS detail, d.event_id AS event_id
    FROM stamp_against_device AS d
    UNION ALL
    SELECT 'V12' AS code, 'possible' AS certainty, NULL AS destination_id, p.detail AS detail, p.event_id AS event_id
    FROM stamp_against_person AS p
    UNION ALL
    SELECT 'V13' AS code, 'possible' AS certainty, NULL AS destination_id, u.detail AS detail, u.event_id AS event_id
    FROM unannounced_change AS u
    UNION ALL
    SELECT 'X43' AS code, 'certain' AS certainty, NULL AS destination_id, NULL AS detail, r.event_id AS event_id
    FROM repeated_preference AS r
    UNION ALL
    SELECT 'X44' AS code, CASE WHEN p.fate = 'no record' THEN 'possible' ELSE 'certain' END AS certainty,
        p.destination_id AS destination_id, NULL AS detail, p.event_id AS event_id
    FROM preference_due AS p
    CROSS JOIN newest_version AS n
    INNER JOIN destination AS d ON d.version_id = n.version_id AND d.destination_id = p.destination_id
    WHERE p.revokes = TRUE AND p.fate IN ('filtered', 'failed', 'no record') AND d.kind = 'actions' AND d.known = TRUE
)
SELECT
    f.code AS code,
    f.certainty AS certainty,
    o.source_id AS source_id,
    f.destination_id AS destination_id,
    f.detail AS detail,
    NULL AS delivery_id,
    f.event_id AS event_id,
    e.person_key AS person_key,
    e.event_at AS seen_at
FROM found AS f
INNER JOIN event AS e ON e.event_id = f.event_id
CROSS JOIN newest_version AS n
INNER JOIN signature_source AS o ON o.signature_id = e.signature_id AND o.version_id = n.version_id
UNION ALL
SELECT
    'V24' AS code,
    'possible' AS certainty,
    NULL AS source_id,
    y.destination_id AS destination_id,
    NULL AS detail,
    y.delivery_id AS delivery_id,
    y.event_id AS event_id,
    y.person_key AS person_key,
    y.event_at AS seen_at
FROM early_delivery AS y
