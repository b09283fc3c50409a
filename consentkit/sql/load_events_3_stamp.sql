-- New consent stamps, each read once: its state and problems (RULES.md 1, 2 and 10, V3).
INSERT INTO stamp
WITH fresh AS (
    SELECT DISTINCT i.stamp_key, i.form, i.consent, i.consent_management, i.said
    FROM incoming AS i
    WHERE i.reject_code IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM stamp AS s
            WHERE s.stamp_key = i.stamp_key AND s.form = i.form
                AND s.consent IS NOT DISTINCT FROM i.consent
                AND s.consent_management IS NOT DISTINCT FROM i.consent_management
                AND s.said IS NOT DISTINCT FROM i.said
        )
),
typed AS (
    SELECT
        f.*,
        json_type(f.consent) AS consent_type,
        json_type(f.consent, '$.categoryPreferences') AS preferences_type,
        json_exists(f.consent, '$.categoryPreference') AS has_singular_key,
        json_type(f.consent) = 'OBJECT' AND len(list_filter(json_keys(f.consent), lambda k: k = 'categoryPreferences')) > 1 AS is_doubled,
        json_exists(f.consent, '$.destinationPreferences') AS has_destination_preferences,
        json_extract(f.consent, '$.categoryPreferences') AS preferences,
        json_type(f.consent_management, '$.allowedConsentIds') AS allowed_type,
        json_type(f.consent_management, '$.deniedConsentIds') AS denied_type,
        json_type(f.consent_management, '$.provider') AS provider_type,
        json_type(f.consent_management, '$.resolutionStrategy') AS strategy_type
    FROM fresh AS f
),
looked_into AS (
    SELECT
        t.*,
        CASE WHEN t.preferences_type = 'OBJECT' THEN json_keys(t.preferences) ELSE [] END AS names,
        CASE WHEN t.preferences_type = 'OBJECT'
            THEN json_extract(t.preferences, '$.*') ELSE [] END AS entries
    FROM typed AS t
)
SELECT
    CAST((SELECT coalesce(max(s.stamp_id), 0) FROM stamp AS s) + row_number() OVER (ORDER BY l.stamp_key) AS INTEGER),
    l.stamp_key, l.form, l.consent, l.consent_management,
    CASE
        WHEN l.form = 'no_context' THEN 'A0'
        WHEN l.form = 'absent' THEN 'A1'
        WHEN l.form IN ('null', 'bad_context') OR l.consent_type <> 'OBJECT' THEN 'A6'
        WHEN l.preferences_type IS NULL THEN 'A2'
        WHEN l.preferences_type <> 'OBJECT' OR l.is_doubled THEN 'A6'
        WHEN len(l.names) = 0 THEN 'A3'
        ELSE 'A4'
    END,
    CASE WHEN l.has_destination_preferences THEN 'consent-manager' ELSE 'segment' END,
    coalesce(l.preferences_type = 'NULL', FALSE),
    CASE
        WHEN l.consent_management IS NULL THEN 'absent'
        WHEN json_type(l.consent_management) <> 'OBJECT'
            OR l.provider_type NOT IN ('VARCHAR', 'NULL')
            OR l.strategy_type NOT IN ('VARCHAR', 'NULL')
            OR l.allowed_type NOT IN ('ARRAY', 'OBJECT', 'NULL')
            OR l.denied_type NOT IN ('ARRAY', 'NULL')
            OR (l.denied_type = 'ARRAY' AND len(list_filter(
                CAST(json_extract(l.consent_management, '$.deniedConsentIds') AS JSON[]),
                lambda d: json_type(d) <> 'VARCHAR')) > 0) THEN 'malformed'
        ELSE 'given'
    END,
    CASE WHEN l.provider_type = 'VARCHAR' THEN l.consent_management ->> '$.provider' ELSE '' END,
    CASE WHEN l.strategy_type = 'VARCHAR' THEN l.consent_management ->> '$.resolutionStrategy' ELSE '' END,
    CASE
        WHEN l.form IN ('null', 'bad_context') OR l.consent_type <> 'OBJECT' THEN 'not_object'
        WHEN l.preferences_type <> 'OBJECT' THEN 'not_object'
        WHEN l.is_doubled THEN 'doubled_key'
        WHEN l.has_singular_key THEN 'singular_key'
        WHEN len(list_filter(l.entries, lambda e: json_type(e) <> 'BOOLEAN')) > 0 THEN 'not_boolean'
        WHEN len(l.names) <> len(list_distinct(l.names)) THEN 'doubled_key'
        WHEN len(list_filter(l.names, lambda n: n <> trim(n) OR n = '')) > 0 THEN 'blank_key'
    END,
    nullif(trim(coalesce(l.consent ->> '$.version', l.consent ->> '$.consentVersion')), ''),
    coalesce(json_type(l.consent, '$.version') IN ('VARCHAR', 'BOOLEAN', 'ARRAY', 'OBJECT'), FALSE),
    l.said
FROM looked_into AS l
