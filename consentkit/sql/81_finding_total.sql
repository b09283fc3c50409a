-- One row per code and certainty over all destinations and sources: people and events are counted once.
WITH counted AS (
    SELECT
        r.code AS code,
        r.certainty AS certainty,
        COUNT(DISTINCT r.delivery_id) AS deliveries,
        COUNT(DISTINCT r.event_id) AS events,
        COUNT(DISTINCT r.person_key) AS people,
        COUNT(DISTINCT CASE WHEN r.person_key IS NULL THEN r.event_id END) AS unnamed_events,
        COUNT(DISTINCT r.destination_id) AS destinations,
        MIN(r.seen_at) AS first_seen,
        MAX(r.seen_at) AS last_seen
    FROM finding_any AS r
    GROUP BY r.code, r.certainty
)
SELECT
    c.code AS code,
    k.severity AS severity,
    c.certainty AS certainty,
    k.title AS title,
    c.deliveries AS deliveries,
    c.events AS events,
    c.people AS people,
    c.unnamed_events AS unnamed_events,
    c.destinations AS destinations,
    c.first_seen AS first_seen,
    c.last_seen AS last_seen
FROM counted AS c
INNER JOIN finding_code AS k ON k.code = c.code
