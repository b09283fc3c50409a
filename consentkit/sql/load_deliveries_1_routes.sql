-- The routes that were met and are new.
INSERT INTO route
SELECT
    CAST((SELECT coalesce(max(r.route_id), 0) FROM route AS r)
        + row_number() OVER (ORDER BY n.destination, n.status, n.reason, n.mode) AS INTEGER),
    n.destination, n.status, n.reason, n.mode
FROM (SELECT DISTINCT m.destination, m.status, m.reason, m.mode FROM met_route AS m) AS n
WHERE NOT EXISTS (
    SELECT 1 FROM route AS r
    WHERE r.destination = n.destination
        AND r.status IS NOT DISTINCT FROM n.status
        AND r.reason IS NOT DISTINCT FROM n.reason
        AND r.mode IS NOT DISTINCT FROM n.mode
)
