-- One row per code and certainty over all destinations and sources: people and events are counted once.
SELECT
    k.code AS code,
    k.severity AS severity,
    r.certainty AS certainty,
    k.title AS title,
    COUNT(DISTINCT r.delivery_id) AS deliveries,
    COUNT(DISTINCT r.event_id) AS events,
    COUNT(DISTINCT r.person_key) AS people,
    COUNT(DISTINCT CASE WHEN r.person_key IS NULL THEN r.event_id END) AS unnamed_events,
    COUNT(DISTINCT r.destination_id) AS destinations,
    MIN(r.seen_at) AS first_seen,
    MAX(r.seen_at) AS last_seen
FROM finding_any AS r
INNER JOIN finding_code AS k ON k.code = r.code
GROUP BY k.code, k.severity, r.certainty, k.title
