-- One row per destination, source, library, version and day of the event: its delivery records, those that
-- were delivered (all; with their event loaded; of an event with a consent object) and those filtered.
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
),
counted AS (
    SELECT
        d.route_id AS route_id,
        a.source AS source,
        e.library AS library,
        e.library_version AS library_version,
        e.app_version AS app_version,
        CAST(COALESCE(e.event_at, d.logged_at) AS DATE) AS day,
        COUNT(*) AS records,
        COUNT(e.event_id) AS linked,
        SUM(COALESCE(a.stamped, 0)) AS stamped
    FROM delivery AS d
    LEFT JOIN event AS e ON e.event_id = d.event_id
    LEFT JOIN situation AS a ON a.signature_id = e.signature_id
    GROUP BY
        d.route_id, a.source, e.library, e.library_version, e.app_version,
        CAST(COALESCE(e.event_at, d.logged_at) AS DATE)
)
SELECT
    x.name AS destination,
    c.source AS source,
    c.library AS library,
    c.library_version AS library_version,
    c.app_version AS app_version,
    c.day AS day,
    CAST(SUM(c.records) AS BIGINT) AS records,
    CAST(SUM(CASE WHEN m.status = 'delivered' THEN c.records ELSE 0 END) AS BIGINT) AS delivered,
    CAST(SUM(CASE WHEN m.status = 'delivered' THEN c.linked ELSE 0 END) AS BIGINT) AS delivered_linked,
    CAST(SUM(CASE WHEN m.status = 'delivered' THEN c.stamped ELSE 0 END) AS BIGINT) AS delivered_stamped,
    CAST(SUM(CASE WHEN m.status = 'filtered' THEN c.linked ELSE 0 END) AS BIGINT) AS filtered_linked
FROM counted AS c
INNER JOIN route_meaning AS m ON m.route_id = c.route_id
INNER JOIN newest_version AS n ON n.version_id = m.version_id
INNER JOIN destination AS x ON x.version_id = m.version_id AND x.destination_id = m.destination_id
GROUP BY x.name, c.source, c.library, c.library_version, c.app_version, c.day
