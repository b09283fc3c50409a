-- What the consent history rests on: which events are loaded, and, where a preference event names no category, which
-- categories there are. Null where no preference event says anything.
SELECT
    max(e.event_id) || ' of ' || count(*) || coalesce((
        SELECT ' ' || string_agg(c.category_id, ',' ORDER BY c.category_id)
        FROM category AS c
        INNER JOIN newest_version AS n ON n.version_id = c.version_id
        WHERE c.enabled AND EXISTS (
            SELECT 1 FROM signature AS g INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id WHERE g.kind <> 'event' AND s.state = 'A3'
        )
    ), '')
FROM event AS e
WHERE EXISTS (SELECT 1 FROM signature AS g INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id WHERE g.kind <> 'event' AND s.state IN ('A3', 'A4'))
