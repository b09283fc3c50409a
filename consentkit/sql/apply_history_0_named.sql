-- The ids that the events of new files name: of people, of their devices, and of those an alias call replaces.
CREATE OR REPLACE TEMP TABLE named_id AS
SELECT DISTINCT n.id
FROM (
    SELECT unnest([e.anonymous_id, e.user_id, e.previous_id]) AS id
    FROM event AS e
    WHERE e.file_id > (SELECT coalesce(max(CAST(a.value AS INTEGER)), 0) FROM about AS a WHERE a.name = 'done')
) AS n
WHERE n.id IS NOT NULL
