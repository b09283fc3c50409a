-- One row per destination and category that it cannot do without, so that a refusal of that one alone closes it: mapped to it, or
-- an id that its RudderStack setting asks for at every declared source connected to it. Left out of the settings: where one
-- of several ids is enough (strategy or, also where an event may say so, and Ketch's older setting), and where several
-- settings stand beside each other, since which one holds depends on the event (RULES.md 4).
WITH asked AS (
    SELECT
        c.version_id AS version_id,
        c.source_id AS source_id,
        c.destination_id AS destination_id,
        COUNT(*) AS ids,
        COUNT(DISTINCT c.provider) AS providers,
        MIN(CASE WHEN c.legacy = TRUE THEN 1 ELSE 0 END) AS least_legacy,
        MAX(CASE WHEN c.legacy = TRUE THEN 1 ELSE 0 END) AS most_legacy,
        MAX(
            CASE
                WHEN c.legacy = TRUE AND c.provider = 'ketch' THEN 1
                WHEN c.legacy = TRUE THEN 0
                WHEN c.provider IN ('custom', 'iubenda') AND c.strategy IS NOT NULL THEN CASE WHEN c.strategy = 'or' THEN 1 ELSE 0 END
                WHEN EXISTS (SELECT 1 FROM stamp AS s WHERE s.strategy = 'or') THEN 1
                ELSE 0
            END
        ) AS one_is_enough
    FROM consent_setting AS c
    GROUP BY c.version_id, c.source_id, c.destination_id
),
reached AS (
    SELECT t.version_id AS version_id, t.destination_id AS destination_id, COUNT(*) AS sources
    FROM connected AS t
    WHERE t.source_id <> 0
    GROUP BY t.version_id, t.destination_id
)
SELECT r.version_id AS version_id, r.destination_id AS destination_id, r.category_id AS category_id
FROM requirement AS r
UNION
SELECT c.version_id AS version_id, c.destination_id AS destination_id, c.category_id AS category_id
FROM consent_setting AS c
INNER JOIN asked AS a ON a.version_id = c.version_id AND a.source_id = c.source_id AND a.destination_id = c.destination_id
INNER JOIN connected AS t ON t.version_id = c.version_id AND t.source_id = c.source_id AND t.destination_id = c.destination_id
INNER JOIN reached AS n ON n.version_id = c.version_id AND n.destination_id = c.destination_id
WHERE c.source_id <> 0 AND a.providers = 1 AND a.least_legacy = a.most_legacy AND (a.one_is_enough = 0 OR a.ids = 1)
GROUP BY c.version_id, c.destination_id, c.category_id
HAVING COUNT(DISTINCT c.source_id) = MIN(n.sources)
