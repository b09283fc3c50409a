-- One row per destination, source, library, version and day of the event: its delivery records, those that
-- were delivered (all; with their event loaded; of an event with a consent object) and those filtered.
-- judged: the policy knows the destination, and a version was in force at the time of the event.
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
-- Events that are alike in all that is told of them, by the first of them: deliveries are counted by its number.
placed AS (
    SELECT
        e.event_id AS event_id,
        CASE WHEN e.event_at IS NULL THEN TRUE ELSE FALSE END AS undated,
        CASE WHEN u.event_id IS NULL THEN 1 ELSE 0 END AS ruled,
        MIN(e.event_id) OVER (
            PARTITION BY e.signature_id, e.library, e.library_version, e.app_version, CAST(e.event_at AS DATE)
        ) AS alike_id
    FROM event AS e
    LEFT JOIN (SELECT f.event_id AS event_id FROM event_in_force AS f WHERE f.version_id IS NULL) AS u ON u.event_id = e.event_id
),
grouped AS (
    SELECT
        d.route_id AS route_id,
        p.alike_id AS alike_id,
        CASE WHEN p.undated = FALSE THEN NULL ELSE CAST(d.logged_at AS DATE) END AS logged_day,
        p.ruled AS ruled,
        COUNT(*) AS records,
        COUNT(p.event_id) AS linked
    FROM delivery AS d
    LEFT JOIN placed AS p ON p.event_id = d.event_id
    GROUP BY d.route_id, p.alike_id, p.ruled, CASE WHEN p.undated = FALSE THEN NULL ELSE CAST(d.logged_at AS DATE) END
),
counted AS (
    SELECT
        g.route_id AS route_id,
        a.source AS source,
        e.library AS library,
        e.library_version AS library_version,
        e.app_version AS app_version,
        COALESCE(CAST(e.event_at AS DATE), g.logged_day) AS day,
        g.ruled AS ruled,
        g.records AS records,
        g.linked AS linked,
        CASE WHEN a.stamped = 1 THEN g.records ELSE 0 END AS stamped
    FROM grouped AS g
    LEFT JOIN event AS e ON e.event_id = g.alike_id
    LEFT JOIN situation AS a ON a.signature_id = e.signature_id
)
SELECT
    x.name AS destination,
    CASE WHEN x.known = TRUE AND c.ruled = 1 THEN TRUE ELSE FALSE END AS judged,
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
GROUP BY
    x.name, CASE WHEN x.known = TRUE AND c.ruled = 1 THEN TRUE ELSE FALSE END, c.source, c.library, c.library_version, c.app_version, c.day
