-- One row per source: what the platform's settings tell its SDK. Said in the policy, or derived from the mapping:
-- consent is on when any category is mapped; a destination is unmapped when it needs no category.
WITH mapped AS (
    SELECT
        t.version_id AS version_id,
        t.source_id AS source_id,
        COUNT(DISTINCT r.category_id) AS categories,
        SUM(CASE WHEN r.category_id IS NULL THEN 1 ELSE 0 END) AS unmapped
    FROM connected AS t
    INNER JOIN destination AS d
        ON d.version_id = t.version_id AND d.destination_id = t.destination_id AND d.kind <> 'platform' AND d.known = TRUE
    LEFT JOIN requirement AS r ON r.version_id = t.version_id AND r.destination_id = t.destination_id
    GROUP BY t.version_id, t.source_id
)
SELECT
    s.version_id AS version_id,
    s.source_id AS source_id,
    COALESCE(s.consent_enabled, CASE WHEN m.categories > 0 THEN TRUE ELSE FALSE END) AS consent_enabled,
    COALESCE(s.has_unmapped_destinations, CASE WHEN m.unmapped > 0 THEN TRUE ELSE FALSE END) AS has_unmapped_destinations
FROM source AS s
LEFT JOIN mapped AS m ON m.version_id = s.version_id AND m.source_id = s.source_id
