-- RudderStack: one row per id that an enabled destination is configured for in the newest policy version, by provider and,
-- where the setting is for one source, by source: how many different consentManagement objects of that source name it,
-- allowed or denied, under that provider, out of how many. An older setting also holds where an object names no
-- provider (RULES.md 4). Ids are compared as written. source_id 0: every source.
WITH listed AS (
    SELECT o.source_id AS source_id, k.stamp_id AS stamp_id, t.provider AS provider, k.consent_id AS consent_id
    FROM stamp_listed AS k
    INNER JOIN stamp AS t ON t.stamp_id = k.stamp_id
    INNER JOIN signature AS g ON g.stamp_id = k.stamp_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = g.signature_id AND o.version_id = n.version_id
),
named AS (
    SELECT l.source_id AS source_id, l.stamp_id AS stamp_id, l.provider AS provider, l.consent_id AS consent_id
    FROM listed AS l
    WHERE l.source_id > 0
    UNION
    SELECT 0 AS source_id, l.stamp_id AS stamp_id, l.provider AS provider, l.consent_id AS consent_id
    FROM listed AS l
),
asked AS (
    SELECT
        COALESCE(c.source_id, 0) AS source_id, c.provider AS provider, c.category_id AS consent_id,
        MAX(CASE WHEN c.legacy = TRUE THEN 1 ELSE 0 END) AS legacy
    FROM destination_consent AS c
    INNER JOIN newest_version AS n ON n.version_id = c.version_id
    INNER JOIN destination AS d
        ON d.version_id = c.version_id AND d.destination_id = c.destination_id AND d.enabled = TRUE
    WHERE c.category_id <> ''
    GROUP BY COALESCE(c.source_id, 0), c.provider, c.category_id
),
total AS (
    SELECT m.source_id AS source_id, COUNT(DISTINCT m.stamp_id) AS objects
    FROM named AS m
    GROUP BY m.source_id
)
SELECT
    a.source_id AS source_id,
    a.provider AS provider,
    a.consent_id AS consent_id,
    COUNT(DISTINCT CASE WHEN m.provider = a.provider OR (a.legacy = 1 AND m.provider = '') THEN m.stamp_id END) AS seen,
    MAX(COALESCE(t.objects, 0)) AS looked_at
FROM asked AS a
LEFT JOIN named AS m ON m.source_id = a.source_id AND m.consent_id = a.consent_id
LEFT JOIN total AS t ON t.source_id = a.source_id
GROUP BY a.source_id, a.provider, a.consent_id
