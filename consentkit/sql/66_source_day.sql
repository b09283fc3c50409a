-- One row per source of the newest policy version and day on which its events arrived, with its place among the days
-- on which any did, and that of the source's next one. Places, not dates, are subtracted: a day without events of
-- anybody is no silence of one source but X27.
WITH numbered AS (
    SELECT y.day AS day, ROW_NUMBER() OVER (ORDER BY y.day) AS place
    FROM event_day AS y
),
counted AS (
    SELECT
        e.signature_id AS signature_id,
        CAST(COALESCE(e.received_at, e.event_at) AS DATE) AS day,
        COUNT(*) AS events
    FROM event AS e
    GROUP BY e.signature_id, CAST(COALESCE(e.received_at, e.event_at) AS DATE)
),
summed AS (
    SELECT o.source_id AS source_id, c.day AS day, SUM(c.events) AS events
    FROM counted AS c
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = c.signature_id AND o.version_id = n.version_id
    GROUP BY o.source_id, c.day
)
SELECT
    s.source_id AS source_id,
    s.day AS day,
    CAST(s.events AS BIGINT) AS events,
    m.place AS place,
    LEAD(m.place) OVER (PARTITION BY s.source_id ORDER BY s.day) AS next_place
FROM summed AS s
INNER JOIN numbered AS m ON m.day = s.day
