-- For people: one row per Snowplow event about consent, once each whatever its contexts repeat (RULES.md 5).
SELECT
    c.message_id, c.kind, c.domain_userid, c.user_id, c.country, c.derived_at, c.loaded_at, c.event_type, c.basis, c.version,
    array_to_string(c.scopes, ', ') AS scopes, c.url, array_to_string(c.domains, ', ') AS domains, c.gdpr_applies, c.elapsed
FROM snowplow_consent AS c
