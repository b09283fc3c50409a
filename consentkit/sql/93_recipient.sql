-- For people: one row per destination that got data: how much, of how many people, the categories it needs by the
-- newest policy, and when it first and last got any.
WITH arrived AS (
    SELECT
        m.destination_id, count(*) AS deliveries, count(DISTINCT d.event_id) AS events, count(DISTINCT e.person_key) AS people,
        min(coalesce(e.event_at, d.logged_at)) AS first_seen, max(coalesce(e.event_at, d.logged_at)) AS last_seen
    FROM delivery AS d
    INNER JOIN route_meaning AS m ON m.route_id = d.route_id
    INNER JOIN newest_version AS n ON n.version_id = m.version_id
    LEFT JOIN event AS e ON e.event_id = d.event_id
    WHERE m.status = 'delivered'
    GROUP BY m.destination_id
),
needed AS (
    SELECT r.destination_id, list(r.category_id ORDER BY r.category_id) AS categories
    FROM requirement AS r
    INNER JOIN newest_version AS n ON n.version_id = r.version_id
    GROUP BY r.destination_id
)
SELECT
    t.name AS destination, t.kind, t.known, array_to_string(c.categories, '; ') AS categories,
    a.deliveries, a.events, a.people, a.first_seen, a.last_seen
FROM arrived AS a
INNER JOIN destination AS t ON t.destination_id = a.destination_id
INNER JOIN newest_version AS n ON n.version_id = t.version_id
LEFT JOIN needed AS c ON c.destination_id = a.destination_id
