-- RudderStack: one row per consent stamp and setting: how many of its ids are configured, denied and allowed.
-- The server compares as written; the browser SDK without spaces around.
SELECT
    s.stamp_id AS stamp_id,
    c.version_id AS version_id,
    c.source_id AS source_id,
    c.destination_id AS destination_id,
    c.provider AS provider,
    c.legacy AS legacy,
    MAX(c.strategy) AS strategy,
    COUNT(c.category_id) AS configured,
    COUNT(d.consent_id) AS denied,
    COUNT(a.consent_id) AS allowed,
    COUNT(t.trimmed_id) AS allowed_trimmed
FROM stamp AS s
CROSS JOIN consent_setting AS c
LEFT JOIN stamp_listed AS d ON d.stamp_id = s.stamp_id AND d.consent_id = c.category_id AND d.side = 'denied'
LEFT JOIN stamp_listed AS a ON a.stamp_id = s.stamp_id AND a.consent_id = c.category_id AND a.side = 'allowed'
LEFT JOIN (
    SELECT DISTINCT k.stamp_id AS stamp_id, k.trimmed_id AS trimmed_id FROM stamp_listed AS k WHERE k.side = 'allowed'
) AS t ON t.stamp_id = s.stamp_id AND t.trimmed_id = c.trimmed_id
WHERE s.rudder_form = 'given'
GROUP BY s.stamp_id, c.version_id, c.source_id, c.destination_id, c.provider, c.legacy
