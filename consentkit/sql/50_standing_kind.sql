-- One row per standing of a delivery: held (against what the person answered), unjudged (nobody can tell whether it was
-- allowed), or other.
SELECT 'refused' AS standing, 'held' AS kind
UNION ALL
SELECT 'refused elsewhere' AS standing, 'held' AS kind
UNION ALL
SELECT 'granted' AS standing, 'held' AS kind
UNION ALL
SELECT 'silent' AS standing, 'other' AS kind
UNION ALL
SELECT 'integrations' AS standing, 'other' AS kind
UNION ALL
SELECT 'exempt' AS standing, 'other' AS kind
UNION ALL
SELECT 'needs none' AS standing, 'other' AS kind
UNION ALL
SELECT 'cannot tell' AS standing, 'unjudged' AS kind
UNION ALL
SELECT 'unknown destination' AS standing, 'unjudged' AS kind
UNION ALL
SELECT 'no policy' AS standing, 'unjudged' AS kind
UNION ALL
SELECT 'no event' AS standing, 'unjudged' AS kind
