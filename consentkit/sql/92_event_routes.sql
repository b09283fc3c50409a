-- For people: one row per routing situation, policy version, person and list of routes: the events whose delivery records
-- went these routes, the first and the last of them. Most events went the way of many others: what is asked of records
-- event by event is asked of few rows here. routes holds a route once per record.
WITH alike AS (
    SELECT
        f.signature_id, f.version_id, f.person_key, l.way, min(l.event_id) AS event_id,
        count(*) AS events, min(f.event_at) AS first_at, max(f.event_at) AS last_at
    FROM event_way AS l
    INNER JOIN event_in_force AS f ON f.event_id = l.event_id
    GROUP BY f.signature_id, f.version_id, f.person_key, l.way
),
gone AS (
    SELECT x.way, list(d.route_id ORDER BY d.route_id) AS routes
    FROM (SELECT a.way, min(a.event_id) AS event_id FROM alike AS a GROUP BY a.way) AS x
    INNER JOIN delivery AS d ON d.event_id = x.event_id
    GROUP BY x.way
)
SELECT a.signature_id, a.version_id, a.person_key, g.routes, a.events, a.first_at, a.last_at
FROM alike AS a
INNER JOIN gone AS g ON g.way = a.way
