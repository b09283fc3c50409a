-- One row per destination of the newest policy version and standing of what was delivered to it: how many deliveries. Every
-- delivery has one standing; to those of delivery_standing come no policy (none was in force) and no event (not loaded).
WITH counted AS (
    SELECT c.route_id AS route_id, s.standing AS standing, c.records AS records
    FROM situation_count AS c
    INNER JOIN delivery_standing AS s
        ON s.signature_id = c.signature_id AND s.version_id = c.version_id AND s.route_id = c.route_id
    WHERE c.settled = TRUE
    UNION ALL
    SELECT c.route_id AS route_id, 'no policy' AS standing, c.records AS records
    FROM situation_count AS c
    WHERE c.version_id IS NULL
    UNION ALL
    SELECT w.route_id AS route_id, w.standing AS standing, 1 AS records
    FROM doubtful_delivery AS w
    UNION ALL
    SELECT r.route_id AS route_id, 'no event' AS standing, r.records - r.matched AS records
    FROM route_count AS r
    WHERE r.records > r.matched
)
SELECT
    m.destination_id AS destination_id,
    c.standing AS standing,
    k.kind AS kind,
    CAST(SUM(c.records) AS BIGINT) AS deliveries
FROM counted AS c
INNER JOIN standing_kind AS k ON k.standing = c.standing
INNER JOIN route_meaning AS m ON m.route_id = c.route_id
INNER JOIN newest_version AS n ON n.version_id = m.version_id
WHERE m.status = 'delivered'
GROUP BY m.destination_id, c.standing, k.kind
