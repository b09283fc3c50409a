-- New routing situations: source, kind of event, stamp, integrations object and what the device had loaded.
CREATE OR REPLACE TEMP TABLE situation AS
SELECT
    i.situation_key, i.source_given, i.source_key, i.kind, i.named, i.bare, i.deduping, i.manager_traits, s.stamp_id, t.integrations_id,
    coalesce(b.bundle_id, 0) AS bundle_id
FROM (
    SELECT DISTINCT x.situation_key, r.source_given, x.source_key, x.kind, x.named, x.bare, x.deduping, x.manager_traits, x.stamp_key, x.integrations_key, x.bundle_key
    FROM incoming AS x
    INNER JOIN reading_file AS r ON r.file_id = x.file_id
    WHERE x.reject_code IS NULL
) AS i
INNER JOIN stamp AS s ON s.stamp_key = i.stamp_key
INNER JOIN integrations_text AS t ON t.text_key = i.integrations_key
LEFT JOIN bundle AS b ON b.bundle_key = i.bundle_key;

INSERT INTO signature
SELECT
    CAST((SELECT coalesce(max(g.signature_id), 0) FROM signature AS g)
        + row_number() OVER (ORDER BY n.source_given, n.source_key, n.kind, n.named, n.bare, n.deduping, n.manager_traits, n.stamp_id, n.integrations_id, n.bundle_id) AS INTEGER),
    n.source_given, n.source_key, n.kind, n.named, n.bare, n.deduping, n.manager_traits, n.stamp_id, n.integrations_id, n.bundle_id
FROM (
    SELECT DISTINCT x.source_given, x.source_key, x.kind, x.named, x.bare, x.deduping, x.manager_traits, x.stamp_id, x.integrations_id, x.bundle_id FROM situation AS x
) AS n
WHERE NOT EXISTS (
    SELECT 1 FROM signature AS g
    WHERE g.stamp_id = n.stamp_id AND g.integrations_id = n.integrations_id AND g.bundle_id = n.bundle_id AND g.kind = n.kind AND g.named = n.named AND g.bare = n.bare AND g.deduping = n.deduping AND g.manager_traits = n.manager_traits
        AND g.source_given IS NOT DISTINCT FROM n.source_given
        AND g.source_key IS NOT DISTINCT FROM n.source_key
);

CREATE OR REPLACE TEMP TABLE situation_signature AS
SELECT s.situation_key, g.signature_id
FROM situation AS s
INNER JOIN signature AS g
    ON g.stamp_id = s.stamp_id AND g.integrations_id = s.integrations_id AND g.bundle_id = s.bundle_id
    AND g.kind = s.kind AND g.named = s.named AND g.bare = s.bare AND g.deduping = s.deduping AND g.manager_traits = s.manager_traits
    AND g.source_given IS NOT DISTINCT FROM s.source_given AND g.source_key IS NOT DISTINCT FROM s.source_key;
