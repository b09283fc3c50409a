-- One row per finding code and where it was found: source, destination, detail, library, version and day, with
-- how often, how much of that is only possible, how much is of events with a consent object, and one event
-- and delivery record to look at.
WITH situation AS (
    SELECT
        o.signature_id AS signature_id,
        s.name AS source,
        CASE WHEN t.state IN ('A0', 'A1', 'A?') AND t.rudder_form = 'absent' THEN 0 ELSE 1 END AS stamped
    FROM newest_version AS n
    INNER JOIN signature_source AS o ON o.version_id = n.version_id
    INNER JOIN source AS s ON s.version_id = o.version_id AND s.source_id = o.source_id
    INNER JOIN signature AS g ON g.signature_id = o.signature_id
    INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id
)
SELECT
    f.code AS code,
    a.source AS source,
    d.name AS destination,
    f.detail AS detail,
    e.library AS library,
    e.library_version AS library_version,
    e.app_version AS app_version,
    CAST(f.seen_at AS DATE) AS day,
    COUNT(*) AS found,
    CAST(SUM(CASE WHEN f.certainty = 'certain' THEN 0 ELSE 1 END) AS BIGINT) AS possible,
    CAST(SUM(COALESCE(a.stamped, 0)) AS BIGINT) AS stamped,
    MIN(f.event_id) AS sample_event_id,
    MIN(f.delivery_id) AS sample_delivery_id
FROM finding_any AS f
LEFT JOIN destination_called AS d ON d.destination_id = f.destination_id
LEFT JOIN event AS e ON e.event_id = f.event_id
LEFT JOIN situation AS a ON a.signature_id = e.signature_id
GROUP BY
    f.code, a.source, d.name, f.detail, e.library, e.library_version, e.app_version, CAST(f.seen_at AS DATE)
