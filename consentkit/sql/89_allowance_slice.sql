-- One row per destination and day that anything was delivered on: the deliveries, and by how many they exceed
-- the events of that day that the rules let through to it. What the rules cannot judge counts as let through.
-- Deliveries are records of the log; where a delivery overview counts them, also what it counts (detail says so).
WITH counted AS (
    SELECT
        f.signature_id AS signature_id, f.version_id AS version_id, CAST(f.event_at AS DATE) AS day, COUNT(*) AS events
    FROM event_in_force AS f
    GROUP BY f.signature_id, f.version_id, CAST(f.event_at AS DATE)
),
part AS (
    SELECT
        d.name AS destination, c.day AS day, c.events AS allowed, 0 AS delivered, 0 AS unclear
    FROM counted AS c
    INNER JOIN decision AS x ON x.signature_id = c.signature_id AND x.version_id = c.version_id
    INNER JOIN destination_called AS d ON d.destination_id = x.destination_id
    WHERE x.connected = TRUE AND x.outcome <> 'block'
    UNION ALL
    SELECT
        t.destination AS destination, t.day AS day, 0 AS allowed, t.delivered_linked AS delivered,
        CASE WHEN t.judged = TRUE THEN 0 ELSE t.delivered_linked END AS unclear
    FROM delivery_tally AS t
    UNION ALL
    -- of a time in which no policy was in force
    SELECT f.destination AS destination, f.day AS day, f.found AS allowed, 0 AS delivered, 0 AS unclear
    FROM finding_tally AS f
    WHERE f.code = 'X45'
),
compared AS (
    SELECT p.destination AS destination, p.day AS day, SUM(p.allowed) AS allowed, SUM(p.delivered) AS delivered, SUM(p.unclear) AS unclear
    FROM part AS p
    GROUP BY p.destination, p.day
)
SELECT
    'beyond' AS code,
    c.destination AS destination,
    CAST(NULL AS VARCHAR) AS detail,
    c.day AS day,
    CAST(c.delivered AS BIGINT) AS checked,
    CAST(c.unclear AS BIGINT) AS unclear,
    CAST(CASE WHEN c.delivered > c.allowed THEN c.delivered - c.allowed ELSE 0 END AS BIGINT) AS failing,
    CAST(0 AS BIGINT) AS possible,
    CAST(NULL AS BIGINT) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM compared AS c
WHERE c.delivered > 0
UNION ALL
SELECT
    'beyond' AS code,
    d.name AS destination,
    'delivery overview' AS detail,
    r.day AS day,
    r.delivered AS checked,
    CAST(0 AS BIGINT) AS unclear,
    COALESCE(f.n, 0) AS failing,
    CASE WHEN f.certainty = 'possible' THEN f.n ELSE 0 END AS possible,
    CAST(NULL AS BIGINT) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM count_reconciled AS r
CROSS JOIN newest_version AS v
INNER JOIN destination AS d ON d.version_id = v.version_id AND d.destination_id = r.destination_id
LEFT JOIN finding_count AS f ON f.destination_id = r.destination_id AND f.day = r.day AND f.code = 'X25'
WHERE r.has_events = TRUE AND r.delivered > 0 AND d.known = TRUE
