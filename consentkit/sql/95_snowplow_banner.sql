-- For people: one row per banner shown (cmp_visible) and the first choice its domain user id made after it, with the
-- seconds between the two; pending is no choice (RULES.md 5). shown_again: another banner came between, so that the choice
-- was rather made on that one.
WITH shown AS (
    SELECT
        c.*,
        lead(c.derived_at) OVER (PARTITION BY c.domain_userid ORDER BY c.derived_at, c.message_id) AS next_banner_at
    FROM snowplow_consent AS c
    WHERE c.kind = 'cmp_visible'
),
chosen AS (
    SELECT c.domain_userid, c.derived_at, min(c.message_id) AS message_id
    FROM snowplow_consent AS c
    WHERE c.kind = 'consent_preferences' AND c.event_type <> 'pending' AND c.domain_userid IS NOT NULL
    GROUP BY c.domain_userid, c.derived_at
)
SELECT
    b.message_id, b.domain_userid, b.country, b.derived_at AS shown_at, b.elapsed AS seconds_to_show,
    p.message_id AS choice_id, p.derived_at AS chosen_at, p.event_type, p.version,
    date_diff('millisecond', b.derived_at, p.derived_at) / 1000 AS seconds_to_choose,
    coalesce(b.next_banner_at < p.derived_at, FALSE) AS shown_again
FROM shown AS b
ASOF LEFT JOIN chosen AS k ON k.domain_userid = b.domain_userid AND b.derived_at < k.derived_at
LEFT JOIN snowplow_consent AS p ON p.message_id = k.message_id
