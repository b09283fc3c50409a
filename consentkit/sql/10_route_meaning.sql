-- One row per route and policy version: the destination it means, and status, reason and mode in our words.
-- A client-side drop is a delivery from the device (RULES.md 2.2). An unknown word stays unknown.
SELECT
    r.route_id AS route_id,
    a.version_id AS version_id,
    a.destination_id AS destination_id,
    CASE
        WHEN c.means = 'client_side' THEN 'delivered'
        ELSE COALESCE(w.status, 'unknown')
    END AS status,
    CASE WHEN r.reason IS NULL THEN 'none' ELSE COALESCE(c.means, 'unknown') END AS reason_means,
    CASE WHEN c.means = 'client_side' THEN 'device' ELSE COALESCE(r.mode, 'unsaid') END AS mode
FROM route AS r
INNER JOIN destination_alias AS a ON a.name = r.destination
LEFT JOIN status_word AS w ON w.word = r.status
LEFT JOIN reason_code AS c ON c.word = r.reason
