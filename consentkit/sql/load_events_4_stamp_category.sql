-- The categories of new stamps. A category written twice with different values is neither granted nor refused.
INSERT INTO stamp_category
SELECT
    s.stamp_id, e.key,
    CASE
        WHEN count(DISTINCT e.value::VARCHAR) = 1 AND any_value(e.type) = 'BOOLEAN' THEN any_value(e.value::VARCHAR) = 'true'
    END
FROM stamp AS s, json_each(json_extract(s.consent, '$.categoryPreferences')) AS e
WHERE s.state = 'A4'
    AND NOT EXISTS (SELECT 1 FROM stamp_category AS k WHERE k.stamp_id = s.stamp_id)
GROUP BY s.stamp_id, e.key
