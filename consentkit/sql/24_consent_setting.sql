-- RudderStack: one row per source, destination and category id of a consent setting that holds for the pair.
-- A setting for the source itself comes before one for every source (RULES.md 4).
SELECT
    c.version_id AS version_id,
    s.source_id AS source_id,
    c.destination_id AS destination_id,
    c.provider AS provider,
    c.legacy AS legacy,
    c.strategy AS strategy,
    c.category_id AS category_id,
    c.trimmed_id AS trimmed_id
FROM destination_consent AS c
INNER JOIN source AS s ON s.version_id = c.version_id
LEFT JOIN (
    SELECT DISTINCT o.version_id AS version_id, o.destination_id AS destination_id, o.source_id AS source_id,
        o.provider AS provider, o.legacy AS legacy
    FROM destination_consent AS o
    WHERE o.source_id IS NOT NULL
) AS own
    ON own.version_id = c.version_id AND own.destination_id = c.destination_id AND own.source_id = s.source_id
    AND own.provider = c.provider AND own.legacy = c.legacy
WHERE c.category_id <> '' AND (c.source_id = s.source_id OR (c.source_id IS NULL AND own.source_id IS NULL))
