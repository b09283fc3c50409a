-- The Snowplow events about consent, once per event id.
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
QUALIFY row_number() OVER (PARTITION BY e.event_id ORDER BY e.file_id, e.line) = 1
