-- For people: one row per version of the banner that somebody accepted in full, which is how a version becomes known
-- (RULES.md 5): since when, and whether it is the latest.
WITH accepted AS (
    SELECT
        c.version,
        min(c.derived_at) AS version_start,
        max(c.derived_at) AS last_allow_all,
        max_by(array_to_string(c.scopes, ', '), (c.derived_at, c.message_id)) AS scopes,
        max_by(c.url, (c.derived_at, c.message_id)) AS url,
        max_by(array_to_string(c.domains, ', '), (c.derived_at, c.message_id)) AS domains
    FROM snowplow_consent AS c
    WHERE c.event_type = 'allow_all'
    GROUP BY c.version
)
SELECT
    a.version, a.version_start, a.scopes, a.url, a.domains,
    row_number() OVER (ORDER BY a.version_start DESC, a.version DESC) = 1 AS is_latest, a.last_allow_all
FROM accepted AS a
