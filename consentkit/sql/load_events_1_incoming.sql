-- One row per line of this slice: what a rule or a count can use, or why the line is rejected.
-- Each line is parsed once; consent and integrations stay text until they are known to be new.
CREATE OR REPLACE TEMP MACRO as_event(line) AS json_transform(line, '{
    "messageId": "VARCHAR", "anonymousId": "VARCHAR", "userId": "VARCHAR", "previousId": "VARCHAR",
    "type": "VARCHAR", "event": "VARCHAR", "name": "VARCHAR",
    "timestamp": "VARCHAR", "originalTimestamp": "VARCHAR", "sentAt": "VARCHAR", "receivedAt": "VARCHAR",
    "writeKey": "VARCHAR", "sourceId": "VARCHAR",
    "context": {
        "consent": "JSON", "consentManagement": "JSON",
        "library": {"name": "VARCHAR", "version": "VARCHAR"},
        "app": {"version": "VARCHAR"}, "location": {"country": "VARCHAR"}
    },
    "integrations": "JSON"
}');

CREATE OR REPLACE TEMP MACRO as_bare(line) AS
    coalesce(json_extract(line, '$.properties')::VARCHAR, '{}') IN ('{}', 'null')
    AND coalesce(json_extract(line, '$.traits')::VARCHAR, '{}') IN ('{}', 'null');

CREATE OR REPLACE TEMP TABLE incoming AS
WITH looked_at AS (
    SELECT
        l.file_id, l.line, l.raw, l.text,
        starts_with(l.text, '{') AND ends_with(l.text, E'}\n') AS looks_whole,
        starts_with(l.text, '{') OR starts_with(ltrim(l.text, E' \t\r\n'), '{') AS is_object
    FROM incoming_line AS l
),
parsed AS (
    SELECT
        d.file_id, d.line, d.raw, d.text, d.is_object,
        -- an error inside TRY costs a whole vector, so lines that are likely broken are checked first
        CASE
            WHEN d.looks_whole THEN try(as_event(d.text))
            WHEN json_valid(d.text) THEN as_event(d.text)
        END AS j
    FROM looked_at AS d
),
judged AS (
    SELECT
        p.*,
        CASE
            WHEN p.j IS NOT NULL AND p.is_object THEN NULL
            WHEN p.text IS NULL THEN 'not_utf8'
            WHEN trim(p.text, E' \t\r\n') = '' THEN 'blank'
            WHEN octet_length(encode(p.text)) > 268000000 THEN 'too_long'
            WHEN try(json_type(p.text)) IS NOT NULL THEN 'not_object'
            WHEN p.is_object AND NOT ends_with(rtrim(p.text, E' \t\r\n'), '}') THEN 'cut_off'
            ELSE 'not_json'
        END AS reject_code
    FROM parsed AS p
),
-- A key given twice has no one value: readers of JSON differ in which they take. Rare, so most lines are only
-- searched for it; the object is then taken for what it is, malformed.
doubled AS (
    SELECT
        g.*,
        CASE
            WHEN g.reject_code IS NULL AND (g.text LIKE '%"context"%"context"%' OR g.text LIKE '%"consent"%"consent"%')
                THEN len(list_filter(json_keys(g.text), lambda k: k = 'context')) > 1
                    OR coalesce(len(list_filter(json_keys(g.text, '$.context'), lambda k: k = 'consent')) > 1, FALSE)
            ELSE FALSE
        END AS context_doubled,
        CASE
            WHEN g.reject_code IS NULL AND g.text LIKE '%"integrations"%"integrations"%'
                THEN len(list_filter(json_keys(g.text), lambda k: k = 'integrations')) > 1
            ELSE FALSE
        END AS integrations_doubled
    FROM judged AS g
),
formed AS (
    SELECT
        g.*,
        CASE WHEN NOT g.context_doubled THEN g.j.context.consent::VARCHAR END AS consent,
        CASE WHEN NOT g.context_doubled THEN g.j.context.consentManagement::VARCHAR END AS consent_management,
        CASE WHEN g.integrations_doubled THEN '"given twice"' ELSE g.j.integrations::VARCHAR END AS integrations,
        nullif(g.j.messageId, '') AS message_id,
        CASE
            WHEN g.context_doubled THEN 'bad_context'
            WHEN g.j.context.consent IS NOT NULL THEN 'given'
            WHEN g.j.context IS NULL THEN 'no_context'
            WHEN contains(g.text, '"consent"') AND json_type(g.text, '$.context.consent') = 'NULL' THEN 'null'
            -- a context of another type parses to an object of nothing: only such lines are looked at again
            WHEN g.j.context.library.name IS NULL AND g.j.context.consentManagement IS NULL
                AND json_type(g.text, '$.context') <> 'OBJECT' THEN 'bad_context'
            ELSE 'absent'
        END AS form,
        CASE
            WHEN g.j.event IN ('Segment Consent Preference Updated', 'Segment Consent Preference')
                AND lower(trim(g.j.type)) = 'track'
                THEN CASE WHEN g.j.event = 'Segment Consent Preference' THEN 'preference_old' ELSE 'preference' END
            ELSE 'event'
        END AS kind,
        nullif(trim(g.j.anonymousId), '') AS anonymous_id,
        nullif(trim(g.j.userId), '') AS user_id,
        CASE WHEN g.j.previousId IS NOT NULL AND lower(trim(g.j.type)) = 'alias' THEN nullif(trim(g.j.previousId), '') END AS previous_id,
        coalesce(g.j.context.library.name IN ('analytics-ios', 'analytics-android'), FALSE) AS deduping
    FROM doubled AS g
)
SELECT
    f.file_id, f.line, f.reject_code,
    CASE WHEN f.reject_code IS NOT NULL THEN coalesce(f.raw, encode(f.text)) END AS content,
    f.message_id,
    CASE WHEN f.message_id IS NOT NULL THEN hash(f.message_id) END AS message_key,
    CASE WHEN f.message_id IS NOT NULL THEN hash(f.text) END AS payload_key,
    f.j.type AS type,
    coalesce(f.j.event, f.j.name) AS name,
    f.anonymous_id,
    f.user_id,
    f.previous_id,
    coalesce(f.j.timestamp, f.j.originalTimestamp) AS event_at,
    CASE WHEN f.j.timestamp IS NOT NULL THEN f.j.originalTimestamp END AS original_at,
    f.j.receivedAt AS received_at,
    f.j.sentAt AS sent_at,
    f.j.context.library.name AS library,
    f.j.context.library.version AS library_version,
    f.j.context.app.version AS app_version,
    f.j.context.location.country AS country,
    coalesce(f.j.writeKey, f.j.sourceId) AS source_key,
    f.kind, f.form, f.deduping,
    f.kind = 'event' OR coalesce(f.anonymous_id, f.user_id) IS NOT NULL AS named,
    -- only preference events are looked into: they pass whatever was refused, so they should carry nothing else
    CASE WHEN f.kind <> 'event' THEN as_bare(f.text) ELSE TRUE END AS bare,
    f.consent,
    f.consent_management,
    hash(f.form, f.consent, f.consent_management) AS stamp_key,
    f.integrations,
    hash(f.integrations) AS integrations_key,
    hash(r.source_given, coalesce(f.j.writeKey, f.j.sourceId), f.kind, named, bare, f.deduping, stamp_key, integrations_key) AS situation_key
FROM formed AS f
INNER JOIN reading_file AS r ON r.file_id = f.file_id
