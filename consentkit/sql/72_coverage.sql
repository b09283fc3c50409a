-- One row: how much was there to check, and how much of it could be.
-- Only the records of events without a consent object are looked up in the events.
WITH bare AS (
    SELECT d.route_id AS route_id, COUNT(*) AS records
    FROM stamp AS t
    INNER JOIN signature AS g ON g.stamp_id = t.stamp_id
    INNER JOIN event AS e ON e.signature_id = g.signature_id
    INNER JOIN delivery AS d ON d.event_id = e.event_id
    WHERE t.state IN ('A0', 'A1', 'A?') AND t.rudder_form = 'absent'
    GROUP BY d.route_id
),
delivered AS (
    SELECT
        CAST(SUM(d.records) AS BIGINT) AS records,
        SUM(CASE WHEN m.status = 'delivered' THEN d.records ELSE 0 END) AS delivered,
        SUM(CASE WHEN m.status = 'delivered' THEN d.records - d.matched ELSE 0 END) AS unmatched,
        SUM(CASE WHEN m.status = 'delivered' THEN COALESCE(b.records, 0) ELSE 0 END) AS unchecked
    FROM route_count AS d
    INNER JOIN route_meaning AS m ON m.route_id = d.route_id
    INNER JOIN newest_version AS n ON n.version_id = m.version_id
    LEFT JOIN bare AS b ON b.route_id = d.route_id
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
    COALESCE(d.records, 0) AS delivery_records,
    CAST(COALESCE(d.delivered, 0) AS BIGINT) AS deliveries,
    CAST(COALESCE(d.unmatched, 0) AS BIGINT) AS deliveries_without_event,
    CAST(COALESCE(d.unchecked, 0) AS BIGINT) AS deliveries_unchecked
FROM loaded AS l
CROSS JOIN delivered AS d
