-- The categories of new stamps. A category written twice with different values is neither granted nor refused.
INSERT INTO stamp_category
SELECT
    s.stamp_id, e.key,
    CASE
        WHEN count(DISTINCT e.value::VARCHAR) = 1 AND any_value(e.type) = 'BOOLEAN' THEN any_value(e.value::VARCHAR) = 'true'
    END,
    CASE WHEN count(DISTINCT e.value::VARCHAR) = 1 THEN bool_and(e.value::VARCHAR NOT IN ('false', 'null', '0', '0.0', '-0.0', '""')) END
FROM stamp AS s, json_each(json_extract(s.consent, '$.categoryPreferences')) AS e
WHERE s.state = 'A4'
    AND NOT EXISTS (SELECT 1 FROM stamp_category AS k WHERE k.stamp_id = s.stamp_id)
GROUP BY s.stamp_id, e.key;

-- The ids consentManagement lists; empty ones do not count. An object lists its keys.
INSERT INTO stamp_listed
SELECT DISTINCT s.stamp_id, 'denied', e.value ->> '$', trim(e.value ->> '$')
FROM stamp AS s, json_each(json_extract(s.consent_management, '$.deniedConsentIds')) AS e
WHERE s.rudder_form = 'given' AND e.value ->> '$' <> ''
    AND NOT EXISTS (SELECT 1 FROM stamp_listed AS k WHERE k.stamp_id = s.stamp_id AND k.side = 'denied');

INSERT INTO stamp_listed
SELECT DISTINCT s.stamp_id, 'allowed', i.id, trim(i.id)
FROM (
    SELECT
        s.stamp_id,
        CASE WHEN json_type(s.consent_management, '$.allowedConsentIds') = 'OBJECT' THEN e.key ELSE e.value ->> '$' END AS id
    FROM stamp AS s, json_each(json_extract(s.consent_management, '$.allowedConsentIds')) AS e
    WHERE s.rudder_form = 'given'
) AS i
INNER JOIN stamp AS s ON s.stamp_id = i.stamp_id
WHERE i.id <> '' AND NOT EXISTS (SELECT 1 FROM stamp_listed AS k WHERE k.stamp_id = s.stamp_id AND k.side = 'allowed')
