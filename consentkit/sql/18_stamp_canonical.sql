-- For people: one row per consent stamp, place and category, whichever tool wrote it, in one form: granted, refused, unset
-- (nothing was said) or unreadable. What no row names is unset. It is what a stamp says, not what a platform makes of it.
SELECT
    v.version_id AS version_id, s.stamp_id AS stamp_id, s.place AS place, s.dialect AS dialect, s.category_id AS category_id, s.says AS says
FROM stamp_said AS s
CROSS JOIN policy_version AS v
UNION ALL
SELECT
    r.version_id AS version_id, r.stamp_id AS stamp_id, r.place AS place, r.dialect AS dialect, r.category_id AS category_id, r.says AS says
FROM stamp_reading AS r
