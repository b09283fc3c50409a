-- One row per answer, verdict and fate: how many pairs of an event and a destination connected to its source.
-- answer: what the event says, in whatever words, of the categories the destination needs; fate: what the delivery log tells.
-- Of an event at whose time no version was in force (version 0) nobody can tell; its destinations are called as the newest says.
WITH named AS (
    SELECT v.version_id, v.version_id AS named_by FROM policy_version AS v
    UNION ALL
    SELECT 0 AS version_id, n.version_id AS named_by FROM newest_version AS n
),
logged AS (
    SELECT r.signature_id, coalesce(r.version_id, 0) AS version_id, r.routes, CAST(sum(r.events) AS BIGINT) AS n
    FROM event_routes AS r
    GROUP BY ALL
),
fate AS (
    SELECT
        l.signature_id, l.version_id, l.routes, l.n, m.destination_id,
        max(CASE m.status WHEN 'delivered' THEN 4 WHEN 'filtered' THEN 3 WHEN 'failed' THEN 2 WHEN 'rejected' THEN 2 ELSE 1 END) AS fate
    FROM logged AS l
    CROSS JOIN unnest(l.routes) AS u(route_id)
    INNER JOIN named AS v ON v.version_id = l.version_id
    INNER JOIN route_meaning AS m ON m.route_id = u.route_id AND m.version_id = v.named_by
    GROUP BY l.signature_id, l.version_id, l.routes, l.n, m.destination_id
),
met AS (
    SELECT f.signature_id, f.version_id, f.destination_id, f.fate, sum(f.n) AS n
    FROM fate AS f
    GROUP BY f.signature_id, f.version_id, f.destination_id, f.fate
),
counted AS (
    SELECT f.signature_id, coalesce(f.version_id, 0) AS version_id, count(*) AS n
    FROM event_in_force AS f
    GROUP BY ALL
),
pair AS (
    SELECT x.signature_id, x.version_id, x.destination_id, a.answer, c.n
    FROM decision AS x
    INNER JOIN situation_answer AS a
        ON a.signature_id = x.signature_id AND a.version_id = x.version_id AND a.destination_id = x.destination_id
    INNER JOIN counted AS c ON c.signature_id = x.signature_id AND c.version_id = x.version_id
    INNER JOIN destination AS d ON d.version_id = x.version_id AND d.destination_id = x.destination_id
    WHERE x.connected AND d.known AND d.kind <> 'platform'
    UNION ALL
    SELECT c.signature_id, c.version_id, d.destination_id, 'cannot tell' AS answer, c.n
    FROM counted AS c
    INNER JOIN named AS v ON v.version_id = c.version_id
    INNER JOIN destination AS d ON d.version_id = v.named_by
    WHERE c.version_id = 0 AND d.enabled AND d.known AND d.kind <> 'platform'
),
settled AS (
    SELECT p.answer, m.fate, m.n
    FROM pair AS p
    INNER JOIN met AS m
        ON m.signature_id = p.signature_id AND m.version_id = p.version_id AND m.destination_id = p.destination_id
    UNION ALL
    SELECT p.answer, 0 AS fate, p.n FROM pair AS p
    UNION ALL
    SELECT p.answer, 0 AS fate, -m.n AS n
    FROM pair AS p
    INNER JOIN met AS m
        ON m.signature_id = p.signature_id AND m.version_id = p.version_id AND m.destination_id = p.destination_id
)
SELECT
    s.answer,
    CASE s.fate WHEN 4 THEN 'delivered' WHEN 3 THEN 'held back' WHEN 2 THEN 'failed' WHEN 1 THEN 'other' ELSE 'no record' END AS fate,
    CAST(sum(s.n) AS BIGINT) AS n
FROM settled AS s
GROUP BY s.answer, s.fate
HAVING sum(s.n) > 0
ORDER BY s.answer, fate
