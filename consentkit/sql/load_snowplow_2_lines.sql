-- Each Snowplow event as a line of the common shape, so that it is loaded, counted and judged as any other.
-- A choice becomes a preference event: accepted scopes are true, the other scopes of its version false; after deny_all,
-- withdrawn and expired all are false, whatever scopes the event still lists (RULES.md 5). pending is no choice.
CREATE OR REPLACE TEMP TABLE snowplow_line AS
WITH offered AS (
    SELECT c.version, list(DISTINCT s.scope) AS scopes
    FROM snowplow_context AS c
    CROSS JOIN unnest(c.scopes) AS s(scope)
    GROUP BY c.version
),
chosen AS (
    SELECT
        c.root_id,
        c.version,
        map_from_entries([
            (x, c.event_type NOT IN ('deny_all', 'withdrawn', 'expired') AND list_contains(c.scopes, x))
            for x in list_sort(o.scopes)
        ]) AS preferences
    FROM snowplow_context AS c
    INNER JOIN offered AS o ON o.version IS NOT DISTINCT FROM c.version
    WHERE c.event_type <> 'pending'
)
SELECT
    e.file_id, e.line,
    json_merge_patch(
        to_json(struct_pack(
            messageId := e.event_id,
            type := CASE WHEN e.event_name = 'page_view' THEN 'page' ELSE 'track' END,
            event := CASE WHEN c.root_id IS NULL THEN e.event_name ELSE 'Segment Consent Preference Updated' END,
            anonymousId := coalesce(nullif(e.domain_userid, ''), nullif(e.network_userid, '')),
            userId := nullif(e.user_id, ''),
            timestamp := nullif(trim(coalesce(nullif(e.derived_tstamp, ''), e.dvce_created_tstamp)), ''),
            receivedAt := nullif(trim(coalesce(nullif(e.collector_tstamp, ''), e.load_tstamp)), ''),
            sentAt := nullif(trim(e.dvce_sent_tstamp), ''),
            sourceId := nullif(e.app_id, '')
        )),
        json_object('context', json_merge_patch(
            json_object(
                'library', json_object('name', nullif(e.v_tracker, '')),
                'location', json_object('country', nullif(e.geo_country, ''))
            ),
            CASE WHEN c.root_id IS NULL THEN '{}'::JSON
                ELSE json_object('consent', json_object('categoryPreferences', to_json(c.preferences), 'consentVersion', c.version)) END
        ))
    )::VARCHAR AS text,
    NULL::BLOB AS raw
FROM snowplow_event_row AS e
LEFT JOIN chosen AS c ON c.root_id = e.event_id AND e.event_name = 'consent_preferences'
