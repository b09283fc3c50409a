-- One row per destination of the newest policy version and standing of what was delivered to it: how many deliveries. Every
-- delivery has one standing; to those of delivery_standing come no policy (none was in force) and no event (not loaded). One
-- whose message id is shared by events that stand differently cannot be told, nor one of an event near a change of version,
-- which is at most possibly a violation, unless it is none under any version. kind: held (against what the person
-- answered), unjudged (nobody can tell whether it was allowed), or other.
WITH shared AS (
    SELECT
        q.delivery_id AS delivery_id,
        MIN(q.route_id) AS route_id,
        MIN(s.standing) AS first_standing,
        MAX(s.standing) AS last_standing,
        COUNT(s.standing) AS judged,
        MAX(q.candidates) AS candidates,
        MIN(CASE WHEN q.settled = TRUE THEN 1 ELSE 0 END) AS settled
    FROM delivery_situation AS q
    LEFT JOIN delivery_standing AS s
        ON s.signature_id = q.signature_id AND s.version_id = q.version_id AND s.route_id = q.route_id
    WHERE q.candidates > 1
    GROUP BY q.delivery_id
),
agreed AS (
    SELECT s.signature_id AS signature_id, s.route_id AS route_id, MIN(s.standing) AS standing
    FROM delivery_standing AS s
    CROSS JOIN (SELECT COUNT(*) AS versions FROM policy_version AS v) AS n
    GROUP BY s.signature_id, s.route_id, n.versions
    HAVING MIN(s.standing) = MAX(s.standing) AND COUNT(*) = n.versions
),
counted AS (
    SELECT c.route_id AS route_id, s.standing AS standing, c.records AS records
    FROM situation_count AS c
    INNER JOIN delivery_standing AS s
        ON s.signature_id = c.signature_id AND s.version_id = c.version_id AND s.route_id = c.route_id
    WHERE c.settled = TRUE
    UNION ALL
    SELECT
        c.route_id AS route_id,
        CASE WHEN a.standing NOT IN ('refused', 'refused elsewhere', 'integrations') THEN a.standing ELSE 'cannot tell' END AS standing,
        c.records AS records
    FROM situation_count AS c
    LEFT JOIN agreed AS a ON a.signature_id = c.signature_id AND a.route_id = c.route_id
    WHERE c.settled = FALSE AND c.version_id IS NOT NULL
    UNION ALL
    SELECT c.route_id AS route_id, 'no policy' AS standing, c.records AS records
    FROM situation_count AS c
    WHERE c.version_id IS NULL
    UNION ALL
    SELECT
        h.route_id AS route_id,
        CASE
            WHEN h.settled = 1 AND h.judged = h.candidates AND h.first_standing = h.last_standing THEN h.first_standing
            ELSE 'cannot tell'
        END AS standing,
        1 AS records
    FROM shared AS h
    UNION ALL
    SELECT r.route_id AS route_id, 'no event' AS standing, r.records - r.matched AS records
    FROM route_count AS r
    WHERE r.records > r.matched
)
SELECT
    m.destination_id AS destination_id,
    c.standing AS standing,
    CASE
        WHEN c.standing IN ('refused', 'refused elsewhere', 'granted') THEN 'held'
        WHEN c.standing IN ('silent', 'integrations', 'exempt', 'needs none') THEN 'other'
        ELSE 'unjudged'
    END AS kind,
    CAST(SUM(c.records) AS BIGINT) AS deliveries
FROM counted AS c
INNER JOIN route_meaning AS m ON m.route_id = c.route_id
INNER JOIN newest_version AS n ON n.version_id = m.version_id
WHERE m.status = 'delivered'
GROUP BY m.destination_id, c.standing
