-- The Snowplow events about consent, once per event id, and the account of the context files.
INSERT INTO snowplow_consent
SELECT
    e.event_id, e.event_name, nullif(e.domain_userid, ''), nullif(e.user_id, ''), nullif(e.geo_country, ''),
    try_cast(trim(e.derived_tstamp) AS TIMESTAMP), try_cast(trim(coalesce(nullif(e.load_tstamp, ''), e.collector_tstamp)) AS TIMESTAMP),
    c.event_type, c.basis, c.version, c.scopes, c.url, c.domains, c.gdpr_applies, v.elapsed
FROM snowplow_event_row AS e
LEFT JOIN snowplow_context AS c ON c.root_id = e.event_id AND e.event_name = 'consent_preferences'
LEFT JOIN snowplow_elapsed AS v ON v.root_id = e.event_id AND e.event_name = 'cmp_visible'
WHERE e.event_name IN ('consent_preferences', 'cmp_visible')
    AND NOT EXISTS (SELECT 1 FROM snowplow_consent AS k WHERE k.message_id = e.event_id)
QUALIFY row_number() OVER (PARTITION BY e.event_id ORDER BY e.file_id, e.line) = 1;

INSERT INTO input_file
SELECT
    r.file_id, 'contexts', r.path, r.source_given, r.bytes, r.sha256, r.lines,
    coalesce(c.loaded, 0), 0, r.lines - coalesce(c.loaded, 0), 0, NULL, NULL, r.problem
FROM reading_file AS r
LEFT JOIN (
    SELECT x.file_id, count(DISTINCT x.root_id) AS loaded
    FROM (
        SELECT p.file_id, p.root_id FROM snowplow_preferences_row AS p
        UNION ALL SELECT v.file_id, v.root_id FROM snowplow_visible_row AS v
    ) AS x
    GROUP BY x.file_id
) AS c ON c.file_id = r.file_id
