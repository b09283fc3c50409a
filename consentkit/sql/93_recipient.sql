-- For people: one row per destination that got data: how much, of how many people, the categories mapped to it and
-- the ids its settings ask for by the newest policy, and when it first and last got any. people is null where none of
-- the events is loaded or names anyone: not known, which is not none. exempt: by its kind nothing enforces them there
-- (RULES.md 2.1).
WITH logged AS (
    SELECT r.person_key, r.routes, r.events, r.first_at, r.last_at FROM event_routes AS r
),
gone AS (
    SELECT s.routes, m.destination_id, count(*) AS records
    FROM (SELECT DISTINCT l.routes FROM logged AS l) AS s
    CROSS JOIN unnest(s.routes) AS u(route_id)
    INNER JOIN route_meaning AS m ON m.route_id = u.route_id
    INNER JOIN newest_version AS n ON n.version_id = m.version_id
    WHERE m.status = 'delivered'
    GROUP BY s.routes, m.destination_id
),
found AS (
    SELECT
        g.destination_id, sum(l.events * g.records) AS deliveries, sum(l.events) AS events,
        count(DISTINCT l.person_key) AS people, min(l.first_at) AS first_seen, max(l.last_at) AS last_seen
    FROM logged AS l
    INNER JOIN gone AS g ON g.routes = l.routes
    GROUP BY g.destination_id
),
-- Of an event that is not loaded, or undated, the log alone says when.
undated AS (
    SELECT
        m.destination_id, count(*) FILTER (d.event_id IS NULL) AS deliveries,
        min(d.logged_at) AS first_seen, max(d.logged_at) AS last_seen
    FROM delivery AS d
    INNER JOIN route_meaning AS m ON m.route_id = d.route_id
    INNER JOIN newest_version AS n ON n.version_id = m.version_id
    WHERE m.status = 'delivered'
        AND (d.event_id IS NULL OR d.event_id IN (SELECT e.event_id FROM event AS e WHERE e.event_at IS NULL))
    GROUP BY m.destination_id
),
arrived AS (
    SELECT
        coalesce(f.destination_id, u.destination_id) AS destination_id,
        CAST(coalesce(f.deliveries, 0) + coalesce(u.deliveries, 0) AS BIGINT) AS deliveries,
        CAST(coalesce(f.events, 0) AS BIGINT) AS events, nullif(f.people, 0) AS people,
        least(f.first_seen, u.first_seen) AS first_seen, greatest(f.last_seen, u.last_seen) AS last_seen
    FROM found AS f
    FULL JOIN undated AS u ON u.destination_id = f.destination_id
),
needed AS (
    SELECT r.destination_id, list(DISTINCT r.category_id ORDER BY r.category_id) AS categories
    FROM (
        SELECT q.version_id, q.destination_id, q.category_id FROM requirement AS q
        UNION ALL
        SELECT c.version_id, c.destination_id, c.category_id FROM destination_consent AS c WHERE c.category_id <> ''
    ) AS r
    INNER JOIN newest_version AS n ON n.version_id = r.version_id
    GROUP BY r.destination_id
)
SELECT
    t.name AS destination, t.kind, t.known, array_to_string(c.categories, '; ') AS categories,
    t.kind = 'aws-s3' OR (t.kind = 'engage' AND NOT t.enforced) AS exempt,
    a.deliveries, a.events, a.people, a.first_seen, a.last_seen
FROM arrived AS a
INNER JOIN destination AS t ON t.destination_id = a.destination_id
INNER JOIN newest_version AS n ON n.version_id = t.version_id
LEFT JOIN needed AS c ON c.destination_id = a.destination_id
