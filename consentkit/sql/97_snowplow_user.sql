-- For people: one row per domain user id that saw a banner or chose: the latest choice by event time, and whether it is of
-- the latest version. The whole log is looked at, so that a late arrival never beats a newer choice (RULES.md 5).
-- expires_at: a year after the last choice.
WITH placed AS (
    SELECT
        c.*,
        row_number() OVER (PARTITION BY c.domain_userid, c.kind ORDER BY c.derived_at DESC, c.loaded_at DESC, c.message_id DESC) AS place,
        count(*) OVER (PARTITION BY c.domain_userid, c.kind) AS times
    FROM snowplow_consent AS c
    WHERE c.domain_userid IS NOT NULL
),
gathered AS (
    SELECT
        p.domain_userid,
        max(CASE WHEN p.kind = 'cmp_visible' THEN p.times ELSE 0 END) AS banners_shown,
        max(CASE WHEN p.kind = 'consent_preferences' THEN p.times ELSE 0 END) AS choices,
        max(CASE WHEN p.kind = 'cmp_visible' THEN p.derived_at END) AS last_banner_at
    FROM placed AS p
    WHERE p.place = 1
    GROUP BY p.domain_userid
)
SELECT
    g.domain_userid, coalesce(c.user_id, b.user_id) AS user_id, coalesce(c.country, b.country) AS country,
    g.banners_shown, g.choices, g.last_banner_at, c.derived_at AS last_choice_at, c.event_type AS last_event_type,
    c.version AS last_version, c.scopes AS last_scopes, c.url AS last_url, c.domains AS last_domains,
    coalesce(v.is_latest, FALSE) AS is_latest_version, c.derived_at + INTERVAL 1 YEAR AS expires_at
FROM gathered AS g
LEFT JOIN placed AS c ON c.domain_userid = g.domain_userid AND c.kind = 'consent_preferences' AND c.place = 1
LEFT JOIN placed AS b ON b.domain_userid = g.domain_userid AND b.kind = 'cmp_visible' AND b.place = 1
LEFT JOIN snowplow_version AS v ON v.version = c.version
