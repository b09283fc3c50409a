-- One row per source, library, version and day: its events, those that must carry a consent object and those
-- that do, and preference events among them. Day is null for undated events. Checks: expectations/README.md.
WITH situation AS (
    SELECT
        g.signature_id AS signature_id,
        o.source_id AS source_id,
        CASE WHEN t.state IN ('A0', 'A1', 'A?') AND t.rudder_form = 'absent' THEN 0 ELSE 1 END AS stamped,
        CASE WHEN g.kind = 'event' THEN 0 ELSE 1 END AS preference
    FROM signature AS g
    INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = g.signature_id AND o.version_id = n.version_id
),
stamping AS (
    SELECT
        o.signature_id AS signature_id,
        o.version_id AS version_id,
        s.stamping_since AS stamping_since
    FROM signature_source AS o
    INNER JOIN source AS s ON s.version_id = o.version_id AND s.source_id = o.source_id
    WHERE s.stamps_consent = TRUE
),
counted AS (
    SELECT
        a.source_id AS source_id,
        e.library AS library,
        e.library_version AS library_version,
        e.app_version AS app_version,
        CAST(f.event_at AS DATE) AS day,
        COUNT(*) AS events,
        SUM(
            CASE
                WHEN m.signature_id IS NULL THEN 0
                WHEN m.stamping_since IS NULL OR f.event_at IS NULL OR f.event_at >= m.stamping_since THEN 1
                ELSE 0
            END
        ) AS must_carry,
        SUM(a.stamped) AS stamped,
        SUM(a.preference) AS preference_events
    FROM event_in_force AS f
    INNER JOIN event AS e ON e.event_id = f.event_id
    INNER JOIN situation AS a ON a.signature_id = f.signature_id
    LEFT JOIN stamping AS m ON m.signature_id = f.signature_id AND m.version_id = f.version_id
    GROUP BY a.source_id, e.library, e.library_version, e.app_version, CAST(f.event_at AS DATE)
)
SELECT
    s.name AS source,
    c.library AS library,
    c.library_version AS library_version,
    c.app_version AS app_version,
    c.day AS day,
    CAST(c.events AS BIGINT) AS events,
    CAST(c.must_carry AS BIGINT) AS must_carry,
    CAST(c.stamped AS BIGINT) AS stamped,
    CAST(c.preference_events AS BIGINT) AS preference_events
FROM counted AS c
CROSS JOIN newest_version AS n
INNER JOIN source AS s ON s.version_id = n.version_id AND s.source_id = c.source_id
