-- One row per event that no delivery record tells of, though the rules deliver it to a destination that has records,
-- and the log tells of earlier and of later events; it has an id that a log could name, and did not arrive under another policy
-- version, which may have stopped it. Undelivered is not blocked: nobody knows (RULES.md 10, V9).
-- Events are looked for in the commonest records first: where a destination gets all there is, few are left to look for in all
-- records, which are many times the events.
WITH logged AS (
    SELECT DISTINCT m.version_id AS version_id, m.destination_id AS destination_id
    FROM route_count AS c
    INNER JOIN route_meaning AS m ON m.route_id = c.route_id
),
most AS (
    SELECT c.route_id AS route_id
    FROM route_count AS c
    INNER JOIN (SELECT MAX(o.matched) AS matched FROM route_count AS o) AS w ON w.matched = c.matched
),
rest AS (
    SELECT e.event_id AS event_id
    FROM event AS e
    WHERE NOT EXISTS (SELECT 1 FROM delivery AS d INNER JOIN most AS m ON m.route_id = d.route_id WHERE d.event_id = e.event_id)
),
untold AS (
    SELECT r.event_id AS event_id
    FROM rest AS r
    WHERE NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.event_id = r.event_id)
),
span AS (
    SELECT MIN(e.event_at) AS first_at, MAX(e.event_at) AS last_at
    FROM event AS e
    LEFT JOIN untold AS u ON u.event_id = e.event_id
    WHERE u.event_id IS NULL
),
wanted AS (
    SELECT DISTINCT x.signature_id AS signature_id, x.version_id AS version_id
    FROM decision AS x
    INNER JOIN logged AS l ON l.version_id = x.version_id AND l.destination_id = x.destination_id
    INNER JOIN signature AS g ON g.signature_id = x.signature_id
    -- what the device had loaded it sends itself, of which no log of the cloud tells
    LEFT JOIN bundle_account AS b
        ON b.bundle_id = g.bundle_id AND b.version_id = x.version_id AND b.destination_id = x.destination_id
    WHERE b.bundle_id IS NULL AND x.outcome = 'deliver' AND x.connected = TRUE
)
SELECT
    e.event_id AS event_id,
    e.version_id AS version_id,
    e.person_key AS person_key,
    e.event_at AS event_at
FROM event_in_force AS e
INNER JOIN untold AS u ON u.event_id = e.event_id
INNER JOIN wanted AS w ON w.signature_id = e.signature_id AND w.version_id = e.version_id
INNER JOIN event AS n ON n.event_id = e.event_id
CROSS JOIN span AS s
LEFT JOIN shared_message AS h ON h.event_id = e.event_id
LEFT JOIN event_arrival AS a ON a.event_id = e.event_id
WHERE n.message_key IS NOT NULL AND h.event_id IS NULL AND a.event_id IS NULL AND e.event_at >= s.first_at AND e.event_at <= s.last_at
