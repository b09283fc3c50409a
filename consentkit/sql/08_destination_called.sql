-- One row per destination of any policy version: the name it goes by, that of the newest version that has it. An id means
-- the same destination in all versions, also where it was renamed.
SELECT d.destination_id AS destination_id, d.name AS name
FROM destination AS d
INNER JOIN (
    SELECT v.destination_id AS destination_id, MAX(v.version_id) AS version_id FROM destination AS v GROUP BY v.destination_id
) AS n ON n.destination_id = d.destination_id AND n.version_id = d.version_id
