-- For people: one row per routing situation, policy version, person and list of routes: the events whose delivery records
-- went these routes, the first and the last of them. Most events went the way of many others: what is asked of records
-- event by event is asked of few rows here. routes holds a route once per record.
WITH logged AS (
    SELECT d.event_id, list(d.route_id) AS routes
    FROM delivery AS d
    WHERE d.event_id IS NOT NULL
    GROUP BY d.event_id
),
-- Lists are put in order where few are left.
alike AS (
    SELECT
        f.signature_id, f.version_id, f.person_key, l.routes,
        count(*) AS events, min(f.event_at) AS first_at, max(f.event_at) AS last_at
    FROM logged AS l
    INNER JOIN event_in_force AS f ON f.event_id = l.event_id
    GROUP BY f.signature_id, f.version_id, f.person_key, l.routes
)
SELECT
    a.signature_id, a.version_id, a.person_key, list_sort(a.routes) AS routes,
    CAST(sum(a.events) AS BIGINT) AS events, min(a.first_at) AS first_at, max(a.last_at) AS last_at
FROM alike AS a
GROUP BY a.signature_id, a.version_id, a.person_key, list_sort(a.routes)
