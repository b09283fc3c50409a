-- One row per routing situation and policy version: the source it belongs to (RULES.md, words: source).
-- Named when loaded; else by write key; else the only source there is; else source 0, which is reported.
SELECT
    s.signature_id AS signature_id,
    v.version_id AS version_id,
    CASE
        WHEN v.sources_declared = FALSE THEN COALESCE(v.only_source_id, 0)
        WHEN s.source_given IS NOT NULL THEN COALESCE(g.source_id, 0)
        ELSE COALESCE(k.source_id, v.only_source_id, 0)
    END AS source_id
FROM signature AS s
CROSS JOIN policy_version AS v
LEFT JOIN source AS g ON g.version_id = v.version_id AND g.name = s.source_given
LEFT JOIN source_key AS k ON k.version_id = v.version_id AND k.write_key = s.source_key
