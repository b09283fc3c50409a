-- One row per source and day of arrival: its events, and those no delivery record tells of, null without a log. Delivery
-- records of no loaded event stand under their own day, of no source. Days nobody has events on are rows of their own.
WITH logged AS (SELECT DISTINCT d.event_id FROM delivery AS d WHERE d.event_id IS NOT NULL),
counted AS (
    SELECT
        e.signature_id, CAST(coalesce(e.received_at, e.event_at) AS DATE) AS day, count(*) AS events, count(l.event_id) AS told
    FROM event AS e
    LEFT JOIN logged AS l ON l.event_id = e.event_id
    GROUP BY ALL
)
SELECT
    s.name AS source, c.day, CAST(sum(c.events) AS BIGINT) AS events,
    CASE WHEN EXISTS (SELECT 1 FROM delivery) THEN CAST(sum(c.events - c.told) AS BIGINT) END AS events_without_delivery,
    CAST(NULL AS BIGINT) AS deliveries_without_event
FROM counted AS c
CROSS JOIN newest_version AS n
INNER JOIN signature_source AS o ON o.signature_id = c.signature_id AND o.version_id = n.version_id
INNER JOIN source AS s ON s.version_id = n.version_id AND s.source_id = o.source_id
GROUP BY s.name, c.day
UNION ALL
SELECT NULL, CAST(d.logged_at AS DATE), 0, NULL, count(*)
FROM delivery AS d
WHERE d.event_id IS NULL
GROUP BY CAST(d.logged_at AS DATE)
UNION ALL
SELECT r.source, CAST(r.day AS DATE), 0, CASE WHEN EXISTS (SELECT 1 FROM delivery) THEN 0 END, NULL
FROM (
    SELECT g.source, unnest(generate_series(s.missing_from, s.missing_to, INTERVAL 1 DAY)) AS day
    FROM source_silence AS s
    INNER JOIN source_ledger AS g ON g.source_id = s.source_id
    WHERE s.kind = 'inside'
) AS r
INNER JOIN event_day AS y ON y.day = CAST(r.day AS DATE)
UNION ALL
SELECT NULL, CAST(m.day AS DATE), 0, NULL, NULL
FROM (
    SELECT unnest(generate_series(y.missing_from, y.next_day - 1, INTERVAL 1 DAY)) AS day FROM event_day AS y WHERE y.missing > 0
) AS m
ORDER BY day, source
