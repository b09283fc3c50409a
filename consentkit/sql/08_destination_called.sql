-- One row per destination of any policy version: the name it goes by. An id means the same name in all versions.
SELECT d.destination_id AS destination_id, MAX(d.name) AS name
FROM destination AS d
GROUP BY d.destination_id
