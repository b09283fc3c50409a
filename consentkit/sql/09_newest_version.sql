-- The newest policy version; names in reports are its names.
SELECT MAX(v.version_id) AS version_id FROM policy_version AS v
