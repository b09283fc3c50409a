-- One row per line of this slice: what a rule or a count can use. Where j is null the line is no event, and step 2 says
-- why. Each line is parsed once; consent and integrations stay text until they are known to be new.
-- Every line of every user passes here, so what is rare is looked for in the cheapest way that cannot miss it.
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

-- What stands in the places the policy names for consent; null where that is nothing. Costs nothing where it names none.
CREATE OR REPLACE TEMP MACRO as_said(line) AS
    CASE WHEN len(getvariable('stamp_paths')) > 0 THEN nullif(
        map_from_entries(list_filter(
            list_zip(getvariable('stamp_paths'), json_extract(line, getvariable('stamp_paths'))), lambda e: e[2] IS NOT NULL
        ))::JSON::VARCHAR, '{}') END;

CREATE OR REPLACE TEMP VIEW read_line AS
WITH parsed AS (
    SELECT
        l.file_id, l.line, l.raw, l.text,
        -- an error inside TRY costs a whole vector, so lines that are likely broken are checked first
        CASE
            WHEN starts_with(l.text, '{') AND ends_with(l.text, E'}\n') THEN try(as_event(l.text))
            WHEN starts_with(ltrim(l.text, E' \t\r\n'), '{') AND json_valid(l.text) THEN as_event(l.text)
        END AS j
    FROM incoming_line AS l
),
-- A key given twice has no one value: readers of JSON differ in which they take. Lines are searched for it from its
-- first letter on, because a quotation mark is everywhere and slows the search threefold; only where it is found twice
-- the keys are counted. The object is then taken for what it is, malformed.
doubled AS (
    SELECT
        p.*,
        CASE
            WHEN p.text LIKE '%context"%context"%' OR p.text LIKE '%consent"%consent"%'
                THEN p.j IS NOT NULL AND (
                    len(list_filter(json_keys(p.text), lambda k: k = 'context')) > 1
                    OR coalesce(len(list_filter(json_keys(p.text, '$.context'), lambda k: k = 'consent')) > 1, FALSE))
            ELSE FALSE
        END AS context_doubled,
        CASE
            WHEN p.text LIKE '%integrations"%integrations"%'
                THEN p.j IS NOT NULL AND len(list_filter(json_keys(p.text), lambda k: k = 'integrations')) > 1
            ELSE FALSE
        END AS integrations_doubled
    FROM parsed AS p
),
formed AS (
    SELECT
        g.*,
        CASE WHEN NOT g.context_doubled THEN g.j.context.consent::VARCHAR END AS consent,
        CASE WHEN NOT g.context_doubled THEN g.j.context.consentManagement::VARCHAR END AS consent_management,
        CASE WHEN g.j IS NOT NULL THEN as_said(g.text) END AS said,
        CASE WHEN g.integrations_doubled THEN '"given twice"' ELSE g.j.integrations::VARCHAR END AS integrations,
        nullif(g.j.messageId, '') AS message_id,
        CASE
            WHEN g.context_doubled THEN 'bad_context'
            WHEN g.j.context.consent IS NOT NULL THEN 'given'
            WHEN g.j.context IS NULL THEN 'no_context'
            WHEN contains(g.text, 'consent"') AND json_type(g.text, '$.context.consent') = 'NULL' THEN 'null'
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
        coalesce(g.j.context.library.name IN ('analytics-ios', 'analytics-android'), FALSE) AS deduping,
        -- the traits in which the retired Consent Manager kept choices (RULES.md 3)
        CASE
            WHEN lower(trim(g.j.type)) = 'identify' AND contains(g.text, 'TrackingPreferences"')
                THEN coalesce(json_exists(g.text, '$.traits.destinationTrackingPreferences')
                    OR json_exists(g.text, '$.traits.customTrackingPreferences'), FALSE)
            ELSE FALSE
        END AS manager_traits
    FROM doubled AS g
)
SELECT
    f.file_id, f.line,
    CASE WHEN f.j IS NULL THEN 'no_event' END AS reject_code,
    CASE WHEN f.j IS NULL THEN coalesce(f.raw, encode(f.text)) END AS content,
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
    f.said,
    f.manager_traits,
    hash(f.form, f.consent, f.consent_management, f.said) AS stamp_key,
    f.integrations,
    hash(f.integrations) AS integrations_key,
    -- null where the line is no event, so that it joins nothing; a filter would make DuckDB parse every line twice
    CASE
        WHEN f.j IS NOT NULL
            THEN hash(o.source_given, coalesce(f.j.writeKey, f.j.sourceId), f.kind, named, bare, f.deduping, f.manager_traits,
                stamp_key, integrations_key)
    END AS situation_key
FROM formed AS f
CROSS JOIN reading_source AS o
