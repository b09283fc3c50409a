-- What the consent history rests on, now and without the files that are new: which events are loaded; where a preference event
-- names no category, which categories there are; and what the policy takes stamps of other tools to say. Null where neither
-- says anything. What stands in second place is what was noted when nothing but new files has come since.
WITH done AS (
    SELECT coalesce(max(CAST(a.value AS INTEGER)), 0) AS file_id FROM about AS a WHERE a.name = 'done'
),
asked AS (
    SELECT string_agg(c.category_id, ',' ORDER BY c.category_id) AS said
    FROM category AS c
    INNER JOIN newest_version AS n ON n.version_id = c.version_id
    WHERE c.enabled AND EXISTS (
        SELECT 1 FROM signature AS g INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id WHERE g.kind <> 'event' AND s.state = 'A3'
    )
),
answered AS (
    SELECT sum(hash(a.stamp_id, a.category_id, a.granted)) AS said, sum(CASE WHEN o.stamp_id IS NOT NULL THEN hash(a.stamp_id, a.category_id, a.granted) END) AS said_before
    FROM stamp_answer AS a
    LEFT JOIN (
        SELECT DISTINCT g.stamp_id
        FROM signature AS g
        WHERE g.signature_id IN (SELECT e.signature_id FROM event AS e, done AS d WHERE e.file_id <= d.file_id)
    ) AS o ON o.stamp_id = a.stamp_id
    WHERE EXISTS (SELECT 1 FROM stamp_entry AS t WHERE t.stamp_id = a.stamp_id)
)
SELECT
    max(e.event_id) || ' of ' || count(*) || coalesce(' ' || any_value(k.said), '') || coalesce(' ' || any_value(a.said), '') AS basis,
    max(e.event_id) FILTER (e.file_id <= d.file_id) || ' of ' || count(*) FILTER (e.file_id <= d.file_id)
        || coalesce(' ' || any_value(k.said), '') || coalesce(' ' || any_value(a.said_before), '') AS basis_before
FROM event AS e
CROSS JOIN done AS d
CROSS JOIN asked AS k
CROSS JOIN answered AS a
WHERE EXISTS (SELECT 1 FROM signature AS g INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id WHERE g.kind <> 'event' AND s.state IN ('A3', 'A4'))
    OR EXISTS (SELECT 1 FROM stamp_listed AS l)
    OR EXISTS (SELECT 1 FROM stamp_entry AS t)
