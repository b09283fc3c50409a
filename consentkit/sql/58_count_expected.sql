-- One row per destination that is counted and day of arrival: the events connected to it, how many of them the rules
-- deliver, leave open, and refuse for consent in the cloud (a refused one is discarded for consent; RULES.md 2). What arrived
-- under another policy version than the one of its time is left open unless both say the same (RULES.md 2.1).
WITH counted AS (
    SELECT DISTINCT m.version_id AS version_id, m.destination_id AS destination_id
    FROM route_meaning AS m
    INNER JOIN delivery_count AS n ON n.route_id = m.route_id
),
arrived AS (
    SELECT
        f.signature_id AS signature_id,
        f.version_id AS version_id,
        CASE WHEN l.event_id IS NULL THEN f.version_id ELSE l.version_id END AS arrival_version_id,
        CAST(COALESCE(f.received_at, f.event_at) AS DATE) AS day,
        COUNT(*) AS events
    FROM event_in_force AS f
    LEFT JOIN event_arrival AS l ON l.event_id = f.event_id
    WHERE f.version_id IN (SELECT c.version_id AS version_id FROM counted AS c)
    GROUP BY
        f.signature_id, f.version_id, CASE WHEN l.event_id IS NULL THEN f.version_id ELSE l.version_id END,
        CAST(COALESCE(f.received_at, f.event_at) AS DATE)
)
SELECT
    x.destination_id AS destination_id,
    a.day AS day,
    CAST(SUM(a.events) AS BIGINT) AS events,
    CAST(SUM(CASE WHEN x.outcome = 'deliver' AND y.outcome = 'deliver' THEN a.events ELSE 0 END) AS BIGINT) AS due,
    CAST(SUM(CASE WHEN x.outcome = 'indeterminate' OR COALESCE(y.outcome, '') <> x.outcome THEN a.events ELSE 0 END) AS BIGINT) AS unclear,
    CAST(SUM(CASE WHEN x.consent_says = 'deny' AND y.consent_says = 'deny' AND x.point = 'cloud' THEN a.events ELSE 0 END) AS BIGINT) AS refused
FROM arrived AS a
INNER JOIN decision AS x ON x.signature_id = a.signature_id AND x.version_id = a.version_id
LEFT JOIN decision AS y
    ON y.signature_id = a.signature_id AND y.version_id = a.arrival_version_id AND y.destination_id = x.destination_id
INNER JOIN counted AS c ON c.version_id = x.version_id AND c.destination_id = x.destination_id
WHERE x.connected = TRUE AND a.day IS NOT NULL
GROUP BY x.destination_id, a.day
