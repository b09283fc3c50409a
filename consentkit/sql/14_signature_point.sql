-- One row per routing situation and policy version: the enforcement point whose rules apply (RULES.md 3, 4).
SELECT
    o.signature_id AS signature_id,
    o.version_id AS version_id,
    o.source_id AS source_id,
    CASE
        WHEN e.enforcement <> 'analytics.js' THEN e.enforcement
        WHEN e.consent_model = 'opt-out' THEN 'analytics.js opt-out'
        ELSE 'analytics.js opt-in'
    END AS point
FROM signature_source AS o
INNER JOIN source AS e ON e.version_id = o.version_id AND e.source_id = o.source_id
