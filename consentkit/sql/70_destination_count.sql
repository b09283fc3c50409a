-- One row per destination name of the newest policy version: its delivery records, all of them, those that were
-- delivered, filtered (for whatever reason, and for consent) or of no known status. The denominators of findings.
SELECT
    t.destination_id AS destination_id,
    t.name AS destination,
    t.kind AS kind,
    t.known AS known,
    CAST(COALESCE(SUM(c.records), 0) AS BIGINT) AS records,
    CAST(COALESCE(SUM(CASE WHEN m.status = 'delivered' THEN c.records ELSE 0 END), 0) AS BIGINT) AS delivered,
    CAST(COALESCE(SUM(CASE WHEN m.status = 'filtered' THEN c.records ELSE 0 END), 0) AS BIGINT) AS filtered,
    CAST(COALESCE(SUM(CASE WHEN m.status = 'filtered' AND m.reason_means = 'consent' THEN c.records ELSE 0 END), 0) AS BIGINT)
        AS filtered_for_consent,
    CAST(COALESCE(SUM(CASE WHEN m.status = 'unknown' THEN c.records ELSE 0 END), 0) AS BIGINT) AS unknown
FROM destination AS t
INNER JOIN newest_version AS n ON n.version_id = t.version_id
LEFT JOIN route_meaning AS m ON m.version_id = t.version_id AND m.destination_id = t.destination_id
LEFT JOIN route_count AS c ON c.route_id = m.route_id
GROUP BY t.destination_id, t.name, t.kind, t.known
