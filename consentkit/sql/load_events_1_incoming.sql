-- One row per line of this slice: what a rule or a count can use. Where the line is no event, reject_code is given, and
-- step 2 says why. Each line is parsed once; consent and integrations stay text until they are known to be new.
-- Every line of every user passes here, so what is rare is looked for in the cheapest way that cannot miss it.

-- What stands in twenty-one places of an event, as text; a list costs a third of what a struct does.
CREATE OR REPLACE TEMP MACRO as_event(line) AS json_extract_string(line, [
    '$.messageId', '$.anonymousId', '$.userId', '$.previousId', '$.type', '$.event', '$.name',
    '$.timestamp', '$.originalTimestamp', '$.sentAt', '$.receivedAt', '$.writeKey', '$.sourceId',
    '$.context.library.name', '$.context.library.version', '$.context.app.version', '$.context.location.country',
    '$.context.consent', '$.context.consentManagement', '$.integrations', '$._metadata'
]);

-- The JSON at a place where text was found. Text may be that of an object or of a string that holds one; a string
-- that begins as an object with a name in it has a quotation mark, which JSON escapes: unescaped lines have none.
CREATE OR REPLACE TEMP MACRO as_json(found, line, escaped, path) AS
    CASE
        WHEN found IS NULL THEN NULL
        WHEN NOT escaped AND (starts_with(found, '{"') OR (found = '{}' AND NOT contains(line, '{}"'))) THEN found
        ELSE CAST(json_extract(line, path) AS VARCHAR)
    END;

CREATE OR REPLACE TEMP MACRO as_bare(line) AS
    coalesce(json_extract(line, '$.properties')::VARCHAR, '{}') IN ('{}', 'null')
    AND coalesce(json_extract(line, '$.traits')::VARCHAR, '{}') IN ('{}', 'null');

-- What stands in the places the policy names for consent; null where that is nothing. Costs nothing where it names none.
CREATE OR REPLACE TEMP MACRO as_said(line) AS
    CASE WHEN len(getvariable('stamp_paths')) > 0 THEN nullif(
        map_from_entries(list_filter(
            list_zip(getvariable('stamp_paths'), json_extract(line, getvariable('stamp_paths'))), lambda e: e[2] IS NOT NULL
        ))::JSON::VARCHAR, '{}') END;

CREATE OR REPLACE TEMP VIEW read_line WITH (DEFER_BINDING) AS
WITH parsed AS (
    SELECT
        l.file_id, l.line, l.raw, l.text,
        contains(l.text, '\"') OR contains(l.text, '\u0022') AS escaped,
        -- an error inside TRY costs a whole vector, so lines that are likely broken are checked first
        CASE
            WHEN starts_with(l.text, '{') AND ends_with(l.text, E'}\n') THEN try(as_event(l.text))
            WHEN starts_with(ltrim(l.text, E' \t\r\n'), '{') AND json_valid(l.text) THEN as_event(l.text)
        END AS found
    FROM incoming_line AS l
),
-- A key given twice has no one value: readers of JSON differ in which they take. The object is then taken for what it
-- is, malformed. Lines are searched for the key's end from a rare letter on: a quotation mark, or an e, is everywhere and
-- slows the search threefold. Only where it is found twice the keys are counted. AND would not keep a broken line from that.
named AS (
    SELECT
        p.file_id, p.line, p.raw, p.text, p.escaped,
        -- what a tracking API takes: it has no type of its own, and taken for an event it would be one that says nothing
        CASE
            WHEN p.found IS NULL OR p.found[5] IS NOT NULL THEN FALSE
            ELSE coalesce(json_type(p.text, '$.batch') = 'ARRAY', FALSE)
        END AS is_batch,
        p.found IS NOT NULL AND NOT is_batch AS is_event,
        nullif(p.found[1], '') AS message_id,
        tidied(p.found[2]) AS anonymous_id,
        tidied(p.found[3]) AS user_id,
        p.found[4] AS previous, p.found[5] AS type, p.found[6] AS event, p.found[7] AS name,
        p.found[8] AS stamped_at, p.found[9] AS original_at, p.found[10] AS sent_at, p.found[11] AS received_at,
        coalesce(p.found[12], p.found[13]) AS source_key,
        p.found[14] AS library, p.found[15] AS library_version, p.found[16] AS app_version, p.found[17] AS country,
        p.found[18] AS consent, p.found[19] AS consent_management, p.found[20] AS integrations,
        p.found[21] AS metadata,
        CASE
            WHEN p.found IS NULL THEN FALSE
            WHEN p.text LIKE '%xt"%xt"%' AND p.text LIKE '%context"%context"%' OR p.text LIKE '%consent"%consent"%'
                THEN len(list_filter(json_keys(p.text), lambda k: k = 'context')) > 1
                    OR coalesce(len(list_filter(json_keys(p.text, '$.context'), lambda k: k = 'consent')) > 1, FALSE)
            ELSE FALSE
        END AS context_doubled,
        CASE
            WHEN p.found IS NULL THEN FALSE
            WHEN p.text LIKE '%grations"%grations"%'
                THEN len(list_filter(json_keys(p.text), lambda k: k = 'integrations')) > 1
            ELSE FALSE
        END AS integrations_doubled
    FROM parsed AS p
),
formed AS (
    SELECT
        g.*,
        CASE WHEN NOT g.context_doubled THEN as_json(g.consent, g.text, g.escaped, '$.context.consent') END AS stamp,
        CASE
            WHEN NOT g.context_doubled
                THEN as_json(g.consent_management, g.text, g.escaped, '$.context.consentManagement')
        END AS managed,
        CASE WHEN g.is_event THEN as_said(g.text) END AS said,
        CASE
            WHEN g.integrations_doubled THEN '"given twice"'
            ELSE as_json(g.integrations, g.text, g.escaped, '$.integrations')
        END AS routed,
        CASE
            WHEN NOT g.is_event THEN 'no_context'
            WHEN g.context_doubled THEN 'bad_context'
            WHEN g.consent IS NOT NULL THEN 'given'
            -- only a context in which nothing was found may be none, or no object, and is looked at again
            WHEN coalesce(g.library, g.library_version, g.app_version, g.country, g.consent_management) IS NULL
                AND coalesce(json_type(g.text, '$.context'), 'NULL') <> 'OBJECT'
                THEN CASE
                    WHEN coalesce(json_type(g.text, '$.context'), 'NULL') = 'NULL' THEN 'no_context' ELSE 'bad_context'
                END
            WHEN contains(g.text, 'consent"') AND json_type(g.text, '$.context.consent') = 'NULL' THEN 'null'
            ELSE 'absent'
        END AS form,
        CASE
            WHEN g.event IN ('Segment Consent Preference Updated', 'Segment Consent Preference')
                AND lower(trim(g.type)) = 'track'
                THEN CASE WHEN g.event = 'Segment Consent Preference' THEN 'preference_old' ELSE 'preference' END
            ELSE 'event'
        END AS kind,
        CASE
            WHEN g.previous IS NOT NULL AND lower(trim(g.type)) = 'alias' THEN nullif(trim(g.previous), '')
        END AS previous_id,
        coalesce(g.library IN ('analytics-ios', 'analytics-android'), FALSE) AS deduping,
        -- the traits in which the retired Consent Manager kept choices (RULES.md 3)
        CASE
            WHEN lower(trim(g.type)) = 'identify' AND contains(g.text, 'TrackingPreferences"')
                THEN coalesce(json_exists(g.text, '$.traits.destinationTrackingPreferences')
                    OR json_exists(g.text, '$.traits.customTrackingPreferences'), FALSE)
            ELSE FALSE
        END AS manager_traits,
        -- what the page says it had loaded (RULES.md 3); only an escaped line may hold the text of such an object instead
        CASE
            WHEN NOT contains(g.metadata, 'bundled"') THEN NULL
            WHEN g.escaped AND g.metadata IS NOT NULL
                THEN json_extract(g.text, ['$._metadata.bundled', '$._metadata.unbundled', '$._metadata.failedInitializations'])
            ELSE json_extract(g.metadata, ['$.bundled', '$.unbundled', '$.failedInitializations'])
        END AS bundle
    FROM named AS g
)
SELECT
    f.file_id, f.line,
    CASE WHEN f.is_batch THEN 'batch' WHEN NOT f.is_event THEN 'no_event' END AS reject_code,
    CASE WHEN NOT f.is_event THEN coalesce(f.raw, encode(f.text)) END AS content,
    f.message_id,
    CASE WHEN f.message_id IS NOT NULL THEN hash(f.message_id) END AS message_key,
    CASE WHEN f.message_id IS NOT NULL THEN hash(f.text) END AS payload_key,
    f.type,
    coalesce(f.event, f.name) AS name,
    f.anonymous_id,
    f.user_id,
    f.previous_id,
    coalesce(f.stamped_at, f.original_at) AS event_at,
    CASE WHEN f.stamped_at IS NOT NULL THEN f.original_at END AS original_at,
    f.received_at,
    f.sent_at,
    f.library,
    f.library_version,
    f.app_version,
    f.country,
    f.source_key,
    f.kind, f.form, f.deduping,
    f.kind = 'event' OR coalesce(f.anonymous_id, f.user_id) IS NOT NULL AS named,
    -- only preference events are looked into: they pass whatever was refused, so they should carry nothing else
    CASE WHEN f.kind <> 'event' THEN as_bare(f.text) ELSE TRUE END AS bare,
    f.stamp AS consent,
    f.managed AS consent_management,
    f.said,
    f.manager_traits,
    hash(f.form, f.stamp, f.managed, f.said) AS stamp_key,
    f.routed AS integrations,
    hash(f.routed) AS integrations_key,
    f.bundle,
    CASE WHEN f.bundle IS NULL THEN 0 ELSE hash(f.bundle) END AS bundle_key,
    -- null where the line is no event, so that it joins nothing; a filter would make DuckDB parse every line twice
    CASE
        WHEN f.is_event
            THEN hash(o.source_given, f.source_key, f.kind, named, bare, f.deduping, f.manager_traits,
                stamp_key, integrations_key, bundle_key)
    END AS situation_key
FROM formed AS f
CROSS JOIN reading_source AS o
