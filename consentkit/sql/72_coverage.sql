-- One row: how much was there to check, and how much of it could be.
WITH delivered AS (
    SELECT
        COUNT(*) AS records,
        SUM(CASE WHEN m.status = 'delivered' THEN 1 ELSE 0 END) AS delivered,
        SUM(CASE WHEN m.status = 'delivered' AND d.event_id IS NULL THEN 1 ELSE 0 END) AS unmatched,
        SUM(CASE WHEN m.status = 'delivered' AND t.state IN ('A0', 'A1', 'A?') AND t.rudder_form = 'absent' THEN 1 ELSE 0 END) AS unchecked
    FROM delivery AS d
    INNER JOIN route_meaning AS m ON m.route_id = d.route_id
    INNER JOIN newest_version AS n ON n.version_id = m.version_id
    LEFT JOIN event AS e ON e.event_id = d.event_id
    LEFT JOIN signature AS g ON g.signature_id = e.signature_id
    LEFT JOIN stamp AS t ON t.stamp_id = g.stamp_id
),
loaded AS (
    SELECT
        COUNT(*) AS events,
        COUNT(DISTINCT e.person_key) AS people,
        COUNT(*) - COUNT(e.person_key) AS unnamed,
        COUNT(*) - COUNT(e.event_at) AS undated,
        SUM(CASE WHEN t.state IN ('A0', 'A1', 'A?') AND t.rudder_form = 'absent' THEN 1 ELSE 0 END) AS without_consent_object,
        MIN(e.event_at) AS first_event,
        MAX(e.event_at) AS last_event
    FROM event AS e
    INNER JOIN signature AS g ON g.signature_id = e.signature_id
    INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id
)
SELECT
    l.events AS events,
    l.people AS people,
    l.unnamed AS events_without_person,
    l.undated AS undated_events,
    CAST(COALESCE(l.without_consent_object, 0) AS BIGINT) AS events_without_consent_object,
    l.first_event AS first_event,
    l.last_event AS last_event,
    d.records AS delivery_records,
    CAST(COALESCE(d.delivered, 0) AS BIGINT) AS deliveries,
    CAST(COALESCE(d.unmatched, 0) AS BIGINT) AS deliveries_without_event,
    CAST(COALESCE(d.unchecked, 0) AS BIGINT) AS deliveries_unchecked
FROM loaded AS l
CROSS JOIN delivered AS d
