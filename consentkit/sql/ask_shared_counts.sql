-- How many counts, each of a destination, day, status and reason, stand in several files.
SELECT count(*)
FROM (
    SELECT c.route_id, c.day
    FROM delivery_count AS c
    GROUP BY c.route_id, c.day
    HAVING count(DISTINCT c.file_id) > 1
) AS s
