-- For people: one row per known version and its domain user ids by their last choice; allow is allow_all and allow_selected
-- together (RULES.md 5). People whose last choice is of a version nobody accepted in full have version null.
SELECT
    v.version, v.version_start, coalesce(v.is_latest, FALSE) AS is_latest, v.last_allow_all,
    count(*) AS people,
    count(*) FILTER (u.last_event_type = 'allow_all') AS allow_all,
    count(*) FILTER (u.last_event_type = 'allow_selected') AS allow_selected,
    count(*) FILTER (u.last_event_type IN ('allow_all', 'allow_selected')) AS allow,
    count(*) FILTER (u.last_event_type = 'deny_all') AS deny_all,
    count(*) FILTER (u.last_event_type = 'pending') AS pending,
    count(*) FILTER (u.last_event_type = 'implicit_consent') AS implicit_consent,
    count(*) FILTER (u.last_event_type = 'withdrawn') AS withdrawn,
    count(*) FILTER (u.last_event_type = 'expired') AS expired
FROM snowplow_user AS u
LEFT JOIN snowplow_version AS v ON v.version = u.last_version
WHERE u.choices > 0
GROUP BY ALL
