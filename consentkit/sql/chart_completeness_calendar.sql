-- One row per kind of input and day: events of each source, records of the delivery log. Undated lines are not here.
WITH logged AS (
    SELECT CAST(d.logged_at AS DATE) AS day, count(*) AS n
    FROM delivery AS d
    WHERE d.logged_at IS NOT NULL
    GROUP BY CAST(d.logged_at AS DATE)
    UNION ALL
    SELECT CAST(e.event_at AS DATE) AS day, count(*) AS n
    FROM delivery AS d
    INNER JOIN event AS e ON e.event_id = d.event_id
    WHERE d.logged_at IS NULL AND e.event_at IS NOT NULL
    GROUP BY CAST(e.event_at AS DATE)
)
SELECT t.source AS name, 1 AS place, t.day, CAST(sum(t.events) AS BIGINT) AS n
FROM event_tally AS t
WHERE t.day IS NOT NULL
GROUP BY t.source, t.day
UNION ALL
SELECT 'delivery log' AS name, 2 AS place, l.day, CAST(sum(l.n) AS BIGINT) AS n
FROM logged AS l
GROUP BY l.day
ORDER BY place, name, day
