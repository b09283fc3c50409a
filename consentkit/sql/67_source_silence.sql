-- One row per source and stretch of days on which others have events and it has none: before its first, inside its
-- period, or after its last. missing: how many such days; missing_from and missing_to: the first and last of them.
WITH numbered AS (
    SELECT y.day AS day, ROW_NUMBER() OVER (ORDER BY y.day) AS place
    FROM event_day AS y
),
ends AS (
    SELECT d.source_id AS source_id, MIN(d.place) AS first_place, MAX(d.place) AS last_place
    FROM source_day AS d
    GROUP BY d.source_id
),
stretch AS (
    SELECT e.source_id AS source_id, 'before' AS kind, 1 AS from_place, e.first_place - 1 AS to_place
    FROM ends AS e
    UNION ALL
    SELECT d.source_id AS source_id, 'inside' AS kind, d.place + 1 AS from_place, d.next_place - 1 AS to_place
    FROM source_day AS d
    WHERE d.next_place IS NOT NULL
    UNION ALL
    SELECT e.source_id AS source_id, 'after' AS kind, e.last_place + 1 AS from_place, m.days AS to_place
    FROM ends AS e
    CROSS JOIN (SELECT COUNT(*) AS days FROM event_day AS y) AS m
)
SELECT
    s.source_id AS source_id,
    s.kind AS kind,
    CAST(s.to_place - s.from_place + 1 AS BIGINT) AS missing,
    a.day AS missing_from,
    z.day AS missing_to
FROM stretch AS s
INNER JOIN numbered AS a ON a.place = s.from_place
INNER JOIN numbered AS z ON z.place = s.to_place
WHERE s.to_place >= s.from_place
