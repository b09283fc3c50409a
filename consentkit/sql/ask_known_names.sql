-- Every name the newest policy version knows, with the destination it belongs to.
SELECT a.name, d.name AS destination
FROM destination_alias AS a
INNER JOIN newest_version AS v ON v.version_id = a.version_id
INNER JOIN destination AS d ON d.version_id = a.version_id AND d.destination_id = a.destination_id
WHERE d.known = TRUE
ORDER BY a.name
