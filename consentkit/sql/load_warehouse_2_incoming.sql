-- The rows of a source's warehouse tables as incoming events (RULES.md 2.7). One event stands in tracks and in the
-- table of its name: where its rows fill different preference columns they are one stamp; where they contradict each
-- other each keeps its own, and they are reported as events that share an id.
-- All preference columns NULL: no consent object, an empty one and empty preferences look alike, state A?.
CREATE OR REPLACE TEMP TABLE merged_preference AS
WITH several AS (
    SELECT w.id, w.core
    FROM warehouse_row AS w
    WHERE w.id IS NOT NULL
    GROUP BY w.id, w.core
    HAVING count(DISTINCT coalesce(w.preferences, '')) > 1
),
said AS (
    SELECT w.id, w.core, e.key, count(DISTINCT e.value::VARCHAR) AS answers, any_value(e.value::VARCHAR) AS answer
    FROM warehouse_row AS w
    INNER JOIN several AS s ON s.id = w.id AND s.core = w.core,
    json_each('{' || w.preferences || '}') AS e
    WHERE w.preferences IS NOT NULL
    GROUP BY w.id, w.core, e.key
)
SELECT s.id, s.core, string_agg(to_json(s.key)::VARCHAR || ':' || s.answer, ',' ORDER BY s.key) AS preferences
FROM said AS s
GROUP BY s.id, s.core
HAVING max(s.answers) = 1;

CREATE OR REPLACE TEMP TABLE incoming AS
WITH placed AS (
    SELECT
        w.*,
        t.type,
        coalesce(m.preferences, w.preferences) AS said,
        coalesce(nullif(trim(w.event_text), ''), t.preference_name, nullif(trim(w.event), ''), nullif(trim(w.name), '')) AS called,
        nullif(trim(w.id), '') AS message_id,
        nullif(trim(w.anonymous_id), '') AS anonymous,
        nullif(trim(w.user_id), '') AS named_user
    FROM warehouse_row AS w
    INNER JOIN reading_table AS t ON t.file_id = w.file_id
    LEFT JOIN merged_preference AS m ON m.id = w.id AND m.core = w.core
),
formed AS (
    SELECT
        p.*,
        CASE WHEN p.said IS NULL THEN 'unknown_empty' ELSE 'given' END AS form,
        '{"categoryPreferences":{' || p.said || '}}' AS consent,
        CASE
            WHEN p.type <> 'track' OR p.called IS NULL THEN 'event'
            WHEN p.called IN ('Segment Consent Preference Updated', 'segment_consent_preference_updated') THEN 'preference'
            WHEN p.called IN ('Segment Consent Preference', 'segment_consent_preference') THEN 'preference_old'
            ELSE 'event'
        END AS kind,
        coalesce(p.library IN ('analytics-ios', 'analytics-android'), FALSE) AS deduping,
        CASE WHEN p.message_id IS NULL THEN 'no_id' END AS reject_code
    FROM placed AS p
)
SELECT
    f.file_id, f.line, f.reject_code,
    CASE WHEN f.reject_code IS NOT NULL THEN encode(to_json(struct_pack(
        anonymous_id := f.anonymous_id, user_id := f.user_id, event := f.called, received_at := f.received_at,
        preferences := f.preferences))::VARCHAR) END AS content,
    f.message_id,
    CASE WHEN f.message_id IS NOT NULL THEN hash(f.message_id) END AS message_key,
    CASE WHEN f.message_id IS NOT NULL THEN hash(f.core, f.said) END AS payload_key,
    f.type, f.called AS name,
    f.anonymous AS anonymous_id, f.named_user AS user_id,
    CASE WHEN f.type = 'alias' THEN nullif(trim(f.previous_id), '') END AS previous_id,
    coalesce(f.event_at, f.original_at) AS event_at,
    CASE WHEN f.event_at IS NOT NULL THEN f.original_at END AS original_at,
    f.received_at, f.sent_at, f.library, f.library_version, f.app_version, f.country,
    CAST(NULL AS VARCHAR) AS source_key,
    f.kind, f.form, f.deduping,
    f.kind = 'event' OR coalesce(f.anonymous, f.named_user) IS NOT NULL AS named,
    TRUE AS bare,
    f.consent,
    CAST(NULL AS VARCHAR) AS consent_management,
    CAST(NULL AS VARCHAR) AS said,
    FALSE AS manager_traits,
    hash(f.form, f.consent, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)) AS stamp_key,
    CAST(NULL AS VARCHAR) AS integrations,
    hash('not_recorded', 0) AS integrations_key,
    0::UBIGINT AS bundle_key,
    CASE WHEN f.reject_code IS NULL
        THEN hash(r.source_given, source_key, f.kind, named, bare, f.deduping, FALSE, stamp_key, integrations_key) END AS situation_key
FROM formed AS f
INNER JOIN reading_file AS r ON r.file_id = f.file_id;

-- What no raw line can be: a stamp of which only its emptiness is known, and an integrations object nobody recorded.
INSERT INTO stamp
SELECT
    CAST((SELECT coalesce(max(s.stamp_id), 0) FROM stamp AS s) + 1 AS INTEGER),
    hash('unknown_empty', CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)), 'unknown_empty', NULL, NULL,
    'A?', 'segment', FALSE, 'absent', '', '', NULL, NULL, FALSE, NULL
WHERE NOT EXISTS (SELECT 1 FROM stamp AS s WHERE s.form = 'unknown_empty');

INSERT INTO integrations
SELECT CAST((SELECT coalesce(max(i.integrations_id), 0) FROM integrations AS i) + 1 AS INTEGER), 'not_recorded', 'not_recorded', NULL
WHERE NOT EXISTS (SELECT 1 FROM integrations AS i WHERE i.form = 'not_recorded');

INSERT INTO integrations_text
SELECT hash('not_recorded', 0), i.integrations_id
FROM integrations AS i
WHERE i.form = 'not_recorded' AND NOT EXISTS (SELECT 1 FROM integrations_text AS t WHERE t.text_key = hash('not_recorded', 0))
