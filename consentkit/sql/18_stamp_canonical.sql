-- For people: one row per consent stamp, place and category, whichever tool wrote it, in one form: granted, refused, unset
-- (nothing was said) or unreadable. What no row names is unset. It is what a stamp says, not what a platform makes of it.
SELECT
    v.version_id AS version_id, k.stamp_id AS stamp_id, 'context.consent' AS place, 'segment' AS dialect, k.category_id AS category_id,
    CASE WHEN k.granted = TRUE THEN 'granted' WHEN k.granted = FALSE THEN 'refused' ELSE 'unreadable' END AS says
FROM stamp_category AS k
INNER JOIN stamp AS s ON s.stamp_id = k.stamp_id
CROSS JOIN policy_version AS v
WHERE s.dialect = 'segment'
UNION ALL
SELECT
    v.version_id AS version_id, l.stamp_id AS stamp_id, 'context.consentManagement' AS place, 'rudderstack' AS dialect,
    l.consent_id AS category_id,
    CASE WHEN MIN(l.side) <> MAX(l.side) THEN 'unreadable' WHEN MIN(l.side) = 'denied' THEN 'refused' ELSE 'granted' END AS says
FROM stamp_listed AS l
CROSS JOIN policy_version AS v
GROUP BY v.version_id, l.stamp_id, l.consent_id
UNION ALL
SELECT
    r.version_id AS version_id, r.stamp_id AS stamp_id, r.place AS place, r.dialect AS dialect, r.category_id AS category_id, r.says AS says
FROM stamp_reading AS r
