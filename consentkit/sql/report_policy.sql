-- One row per policy version, oldest first: its number, text, and since when it is in force.
SELECT v.version_id AS number, v.platform, v.regime, v.valid_from, v.valid_to, a.value AS text
FROM policy_version AS v
LEFT JOIN about AS a ON a.name = 'policy ' || CAST(v.version_id AS VARCHAR)
ORDER BY v.version_id
