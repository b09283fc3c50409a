-- When each policy version is in force; and the time before the first, and of undated events that could belong
-- to several, in which none is.
INSERT INTO policy_window
SELECT v.version_id, v.valid_from, v.valid_to, v.takes_undated, v.settled_from, v.settled_to
FROM policy_version AS v
UNION ALL
SELECT NULL, TIMESTAMP '0001-01-01', min(v.valid_from), NOT bool_or(v.takes_undated), min(v.valid_from), min(v.valid_from)
FROM policy_version AS v
