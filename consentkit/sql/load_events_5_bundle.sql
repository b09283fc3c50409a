-- New lists of what a device had loaded, each read once (RULES.md 3). Only names are kept: what else stands there is not
-- a destination, and the ids in bundledIds are of the destinations that bundled names.
CREATE OR REPLACE TEMP TABLE new_bundle AS
SELECT
    CAST((SELECT coalesce(max(b.bundle_id), 0) FROM bundle AS b) + row_number() OVER (ORDER BY f.bundle_key) AS INTEGER) AS bundle_id,
    f.bundle_key, f.bundle
FROM (
    SELECT DISTINCT i.bundle_key, i.bundle
    FROM incoming AS i
    WHERE i.bundle IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM bundle AS b WHERE b.bundle_key = i.bundle_key)
) AS f;

INSERT INTO bundle SELECT n.bundle_id, n.bundle_key FROM new_bundle AS n;

INSERT INTO bundle_entry
SELECT DISTINCT l.bundle_id, e.value ->> '$', l.side
FROM (
    SELECT n.bundle_id, 'bundled' AS side, n.bundle[1] AS names FROM new_bundle AS n
    UNION ALL SELECT n.bundle_id, 'unbundled' AS side, n.bundle[2] AS names FROM new_bundle AS n
    UNION ALL SELECT n.bundle_id, 'failed' AS side, n.bundle[3] AS names FROM new_bundle AS n
) AS l, json_each(l.names) AS e
WHERE json_type(l.names) = 'ARRAY' AND e.type = 'VARCHAR'
