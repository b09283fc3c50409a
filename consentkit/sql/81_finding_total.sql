-- One row per code and certainty over all destinations and sources: people and events are counted once.
WITH counted AS (
    SELECT
        r.code AS code,
        r.certainty AS certainty,
        COUNT(r.delivery_id) AS deliveries,
        COUNT(DISTINCT r.event_id) AS events,
        COUNT(DISTINCT r.person_key) AS people,
        COUNT(DISTINCT CASE WHEN r.person_key IS NULL THEN r.event_id END) AS unnamed_events,
        COUNT(DISTINCT r.destination_id) AS destinations,
        MIN(r.seen_at) AS first_seen,
        MAX(r.seen_at) AS last_seen
    FROM finding_any AS r
    GROUP BY r.code, r.certainty
),
-- A record is found twice only where it may be of two policy versions, which name the destination differently: a message id
-- shared by several events, or an event that arrived under another version. To look for these alone costs half of what
-- counting all records once would.
again AS (
    SELECT f.code AS code, f.certainty AS certainty, COUNT(*) - COUNT(DISTINCT f.delivery_id) AS deliveries
    FROM finding_delivery AS f
    INNER JOIN (
        SELECT s.event_id AS event_id FROM shared_message AS s
        UNION
        SELECT a.event_id AS event_id FROM event_arrival AS a
    ) AS m ON m.event_id = f.event_id
    GROUP BY f.code, f.certainty
)
SELECT
    c.code AS code,
    k.severity AS severity,
    c.certainty AS certainty,
    k.title AS title,
    c.deliveries - COALESCE(a.deliveries, 0) AS deliveries,
    c.events AS events,
    c.people AS people,
    c.unnamed_events AS unnamed_events,
    c.destinations AS destinations,
    c.first_seen AS first_seen,
    c.last_seen AS last_seen
FROM counted AS c
INNER JOIN finding_code AS k ON k.code = c.code
LEFT JOIN again AS a ON a.code = c.code AND a.certainty = c.certainty
