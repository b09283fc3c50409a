-- For people: one row per scope, over the domain user ids whose last choice is of the latest version: listed counts
-- those whose last choice lists it, as Snowplow's own table does; consenting leaves out those who denied, withdrew or
-- expired, whose choice still lists what is strictly necessary (RULES.md 5).
SELECT
    s.scope,
    count(*) AS listed,
    count(*) FILTER (u.last_event_type IN ('allow_all', 'allow_selected', 'implicit_consent')) AS consenting
FROM snowplow_user AS u
CROSS JOIN unnest(u.last_scopes) AS s(scope)
WHERE u.is_latest_version
GROUP BY s.scope
