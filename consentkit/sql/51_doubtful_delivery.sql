-- One row per delivery record that may be of several situations, or whose event is near a change of version: where it stands, if
-- nothing leaves a doubt. Of several situations all must say the same. Near a change of version all versions must, and find no
-- fault in it: there a violation is at most possible.
WITH agreed AS (
    SELECT s.signature_id AS signature_id, s.route_id AS route_id, MIN(s.standing) AS standing
    FROM delivery_standing AS s
    CROSS JOIN (SELECT COUNT(*) AS versions FROM policy_version AS v) AS n
    GROUP BY s.signature_id, s.route_id, n.versions
    HAVING MIN(s.standing) = MAX(s.standing) AND COUNT(*) = n.versions
        AND MIN(s.standing) NOT IN ('refused', 'refused elsewhere', 'integrations')
)
SELECT
    q.delivery_id AS delivery_id,
    MIN(q.route_id) AS route_id,
    CASE
        WHEN MAX(q.candidates) = 1 THEN COALESCE(MIN(a.standing), 'cannot tell')
        WHEN COUNT(s.standing) < MAX(q.candidates) OR MIN(s.standing) < MAX(s.standing) THEN 'cannot tell'
        WHEN SUM(CASE WHEN q.settled = TRUE THEN 0 ELSE 1 END) > 0 THEN 'cannot tell'
        ELSE MIN(s.standing)
    END AS standing
FROM delivery_situation AS q
LEFT JOIN delivery_standing AS s
    ON s.signature_id = q.signature_id AND s.version_id = q.version_id AND s.route_id = q.route_id
LEFT JOIN agreed AS a ON a.signature_id = q.signature_id AND a.route_id = q.route_id
WHERE q.candidates > 1 OR (q.settled = FALSE AND q.version_id IS NOT NULL)
GROUP BY q.delivery_id
