-- One row per source and day: how far it has left the retired Consent Manager (RULES.md 3). Each event is counted once:
-- by the old stamp, else by today's, else as carrying none; identify calls with the old traits are counted beside.
SELECT
    s.name AS source,
    CAST(e.event_at AS DATE) AS day,
    COUNT(*) AS events,
    SUM(CASE WHEN t.dialect = 'consent-manager' THEN 1 ELSE 0 END) AS old_stamp,
    SUM(CASE WHEN t.dialect <> 'consent-manager' AND (t.state IN ('A3', 'A4') OR t.rudder_form = 'given') THEN 1 ELSE 0 END) AS new_stamp,
    SUM(CASE WHEN t.dialect <> 'consent-manager' AND t.state NOT IN ('A3', 'A4') AND t.rudder_form <> 'given' THEN 1 ELSE 0 END) AS no_stamp,
    SUM(CASE WHEN g.manager_traits = TRUE THEN 1 ELSE 0 END) AS old_traits
FROM event AS e
INNER JOIN signature AS g ON g.signature_id = e.signature_id
INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id
CROSS JOIN newest_version AS n
INNER JOIN signature_source AS o ON o.signature_id = g.signature_id AND o.version_id = n.version_id
INNER JOIN source AS s ON s.version_id = o.version_id AND s.source_id = o.source_id
GROUP BY s.name, CAST(e.event_at AS DATE)
