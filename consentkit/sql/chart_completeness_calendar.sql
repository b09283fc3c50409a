-- One row per kind of input and day: events of each source, records of the delivery log. Undated lines are not here.
SELECT t.source AS name, 1 AS place, t.day, CAST(sum(t.events) AS BIGINT) AS n
FROM event_tally AS t
WHERE t.day IS NOT NULL
GROUP BY t.source, t.day
UNION ALL
SELECT 'delivery log' AS name, 2 AS place, CAST(coalesce(d.logged_at, e.event_at) AS DATE) AS day, count(*) AS n
FROM delivery AS d
LEFT JOIN event AS e ON e.event_id = d.event_id
WHERE coalesce(d.logged_at, e.event_at) IS NOT NULL
GROUP BY CAST(coalesce(d.logged_at, e.event_at) AS DATE)
ORDER BY place, name, day
