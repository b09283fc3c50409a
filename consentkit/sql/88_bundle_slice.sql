-- One row per destination that needs consent, source, version and day: the events whose page had loaded it, those of which the
-- rules cannot say what they refuse, and those that refuse it. X37 and X38, as one check each; what X38 tells is only
-- possible, since there the list does not say whether the event was held back (RULES.md 3).
WITH counted AS (
    SELECT
        f.signature_id AS signature_id, f.version_id AS version_id, e.library AS library, e.library_version AS library_version,
        e.app_version AS app_version, CAST(f.event_at AS DATE) AS day, COUNT(*) AS events
    FROM signature AS g
    INNER JOIN event_in_force AS f ON f.signature_id = g.signature_id
    INNER JOIN event AS e ON e.event_id = f.event_id
    WHERE g.bundle_id <> 0
    GROUP BY f.signature_id, f.version_id, e.library, e.library_version, e.app_version, CAST(f.event_at AS DATE)
),
loaded AS (
    SELECT
        d.name AS destination, s.name AS source, c.library AS library, c.library_version AS library_version,
        c.app_version AS app_version, c.day AS day, SUM(c.events) AS checked,
        SUM(CASE WHEN x.consent_says = 'unclear' THEN c.events ELSE 0 END) AS unclear
    FROM counted AS c
    INNER JOIN signature AS g ON g.signature_id = c.signature_id
    INNER JOIN bundle_account AS b ON b.bundle_id = g.bundle_id AND b.version_id = c.version_id
    INNER JOIN decision AS x
        ON x.signature_id = c.signature_id AND x.version_id = c.version_id AND x.destination_id = b.destination_id
    INNER JOIN destination_need AS w
        ON w.version_id = b.version_id AND w.destination_id = b.destination_id AND w.needs_consent = TRUE
    INNER JOIN destination_called AS d ON d.destination_id = b.destination_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = c.signature_id AND o.version_id = n.version_id
    INNER JOIN source AS s ON s.version_id = o.version_id AND s.source_id = o.source_id
    WHERE x.point NOT IN ('rudder-server', 'rudder-js')
    GROUP BY d.name, s.name, c.library, c.library_version, c.app_version, c.day
),
part AS (
    SELECT
        k.code AS code, l.destination AS destination, l.source AS source, l.library AS library,
        l.library_version AS library_version, l.app_version AS app_version, l.day AS day,
        l.checked AS checked, l.unclear AS unclear, 0 AS failing, 0 AS possible, CAST(NULL AS BIGINT) AS sample_event_id
    FROM loaded AS l
    CROSS JOIN finding_code AS k
    WHERE k.code IN ('X37', 'X38')
    UNION ALL
    SELECT
        f.code AS code, f.destination AS destination, f.source AS source, f.library AS library,
        f.library_version AS library_version, f.app_version AS app_version, f.day AS day,
        0 AS checked, 0 AS unclear, f.found AS failing, f.possible AS possible, f.sample_event_id AS sample_event_id
    FROM finding_tally AS f
    WHERE f.code IN ('X37', 'X38')
)
SELECT
    p.code AS code,
    p.destination AS destination,
    p.source AS source,
    p.library AS library,
    p.library_version AS library_version,
    p.app_version AS app_version,
    p.day AS day,
    CAST(SUM(p.checked) AS BIGINT) AS checked,
    CAST(SUM(p.unclear) AS BIGINT) AS unclear,
    CAST(SUM(p.failing) AS BIGINT) AS failing,
    CAST(SUM(p.possible) AS BIGINT) AS possible,
    MIN(p.sample_event_id) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM part AS p
GROUP BY p.code, p.destination, p.source, p.library, p.library_version, p.app_version, p.day
