-- The consent contexts of all files being read, each event's once: context files, and the column of the events file.
-- A root_id that is repeated counts once; a plain join would count its event twice (RULES.md 5).
CREATE OR REPLACE TEMP TABLE snowplow_context AS
WITH stated AS (
    SELECT
        c.root_id, c.file_id, c.line, c.event_type, c.basis_for_processing AS basis, c.consent_version AS version,
        c.consent_scopes AS scopes, c.consent_url AS url, c.domains_applied AS domains, c.gdpr_applies AS gdpr
    FROM snowplow_preferences_row AS c
    UNION ALL
    SELECT
        e.event_id, e.file_id, e.line, j.o ->> '$.event_type', j.o ->> '$.basis_for_processing', j.o ->> '$.consent_version',
        json_extract(j.o, '$.consent_scopes')::VARCHAR, j.o ->> '$.consent_url',
        json_extract(j.o, '$.domains_applied')::VARCHAR, j.o ->> '$.gdpr_applies'
    FROM snowplow_event_row AS e
    CROSS JOIN LATERAL (
        SELECT CASE WHEN json_type(e.preferences) = 'ARRAY' THEN json_extract(e.preferences, '$[0]') ELSE e.preferences::JSON END AS o
    ) AS j
    WHERE json_valid(e.preferences)
)
SELECT
    s.root_id, s.event_type, s.basis, s.version,
    coalesce(try_cast(s.scopes::JSON AS VARCHAR[]), []) AS scopes, s.url,
    coalesce(try_cast(s.domains::JSON AS VARCHAR[]), []) AS domains,
    coalesce(try_cast(s.gdpr AS BOOLEAN), FALSE) AS gdpr_applies
FROM stated AS s
QUALIFY row_number() OVER (PARTITION BY s.root_id ORDER BY s.file_id, s.line) = 1;

CREATE OR REPLACE TEMP TABLE snowplow_elapsed AS
SELECT s.root_id, min(s.elapsed) AS elapsed
FROM (
    SELECT c.root_id, try_cast(c.elapsed_time AS DOUBLE) AS elapsed FROM snowplow_visible_row AS c
    UNION ALL
    SELECT e.event_id, try_cast(coalesce(e.visible ->> '$[0].elapsed_time', e.visible ->> '$.elapsed_time') AS DOUBLE)
    FROM snowplow_event_row AS e
    WHERE json_valid(e.visible)
) AS s
GROUP BY s.root_id
