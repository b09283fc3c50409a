-- What the consent history rests on: which events are loaded; where a preference event names no category, which categories
-- there are; and what the policy takes stamps of other tools to say. Null where neither says anything.
SELECT
    max(e.event_id) || ' of ' || count(*) || coalesce((
        SELECT ' ' || string_agg(c.category_id, ',' ORDER BY c.category_id)
        FROM category AS c
        INNER JOIN newest_version AS n ON n.version_id = c.version_id
        WHERE c.enabled AND EXISTS (
            SELECT 1 FROM signature AS g INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id WHERE g.kind <> 'event' AND s.state = 'A3'
        )
    ), '') || coalesce((
        SELECT ' ' || sum(hash(a.stamp_id, a.category_id, a.granted))
        FROM stamp_answer AS a
        WHERE EXISTS (SELECT 1 FROM stamp_entry AS t WHERE t.stamp_id = a.stamp_id)
    ), '')
FROM event AS e
WHERE EXISTS (SELECT 1 FROM signature AS g INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id WHERE g.kind <> 'event' AND s.state IN ('A3', 'A4'))
    OR EXISTS (SELECT 1 FROM stamp_listed AS l)
    OR EXISTS (SELECT 1 FROM stamp_entry AS t)
