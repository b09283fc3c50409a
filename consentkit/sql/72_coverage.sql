-- One row: how much was there to check, and how much of it could be.
-- deliveries_held and deliveries_unjudged are kinds of standing_count; those after them say where each delivery stands, and together
-- are all deliveries.
WITH delivered AS (
    SELECT
        CAST(SUM(d.records) AS BIGINT) AS records,
        SUM(CASE WHEN m.status = 'delivered' THEN d.records ELSE 0 END) AS delivered,
        SUM(CASE WHEN m.status = 'unknown' THEN d.records ELSE 0 END) AS unknown
    FROM route_count AS d
    INNER JOIN route_meaning AS m ON m.route_id = d.route_id
    INNER JOIN newest_version AS n ON n.version_id = m.version_id
),
standing AS (
    SELECT
        SUM(CASE WHEN c.kind = 'held' THEN c.deliveries ELSE 0 END) AS held,
        SUM(CASE WHEN c.kind = 'unjudged' THEN c.deliveries ELSE 0 END) AS unjudged,
        SUM(CASE WHEN c.standing = 'no event' THEN c.deliveries ELSE 0 END) AS no_event,
        SUM(CASE WHEN c.standing = 'no policy' THEN c.deliveries ELSE 0 END) AS no_policy,
        SUM(CASE WHEN c.standing = 'unknown destination' THEN c.deliveries ELSE 0 END) AS unknown_destination,
        SUM(CASE WHEN c.standing = 'cannot tell' THEN c.deliveries ELSE 0 END) AS cannot_tell,
        SUM(CASE WHEN c.standing = 'silent' THEN c.deliveries ELSE 0 END) AS silent,
        SUM(CASE WHEN c.standing = 'needs none' THEN c.deliveries ELSE 0 END) AS needs_none,
        SUM(CASE WHEN c.standing = 'exempt' THEN c.deliveries ELSE 0 END) AS exempt,
        SUM(CASE WHEN c.standing = 'granted' THEN c.deliveries ELSE 0 END) AS granted,
        SUM(CASE WHEN c.standing = 'integrations' THEN c.deliveries ELSE 0 END) AS integrations,
        SUM(CASE WHEN c.standing = 'refused elsewhere' THEN c.deliveries ELSE 0 END) AS elsewhere,
        SUM(CASE WHEN c.standing = 'refused' THEN c.deliveries ELSE 0 END) AS refused
    FROM standing_count AS c
),
loaded AS (
    SELECT
        COUNT(*) AS events,
        COUNT(DISTINCT e.person_key) AS people,
        COUNT(*) - COUNT(e.person_key) AS unnamed,
        COUNT(*) - COUNT(e.event_at) AS undated,
        SUM(CASE WHEN t.state IN ('A0', 'A1', 'A?') AND t.rudder_form = 'absent' THEN 1 ELSE 0 END) AS without_consent_object,
        SUM(CASE WHEN t.state = 'A6' AND t.rudder_form = 'absent' THEN 1 ELSE 0 END) AS unreadable_consent_object,
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
    u.events AS events_without_policy,
    CAST(COALESCE(l.without_consent_object, 0) AS BIGINT) AS events_without_consent_object,
    CAST(COALESCE(l.unreadable_consent_object, 0) AS BIGINT) AS events_with_unreadable_consent_object,
    l.first_event AS first_event,
    l.last_event AS last_event,
    COALESCE(d.records, 0) AS delivery_records,
    CAST(COALESCE(d.unknown, 0) AS BIGINT) AS records_without_status,
    CAST(COALESCE(d.delivered, 0) AS BIGINT) AS deliveries,
    CAST(COALESCE(s.held, 0) AS BIGINT) AS deliveries_held,
    CAST(COALESCE(s.unjudged, 0) AS BIGINT) AS deliveries_unjudged,
    CAST(COALESCE(s.no_event, 0) AS BIGINT) AS deliveries_without_event,
    CAST(COALESCE(s.no_policy, 0) AS BIGINT) AS deliveries_without_policy,
    CAST(COALESCE(s.unknown_destination, 0) AS BIGINT) AS deliveries_to_unknown,
    CAST(COALESCE(s.cannot_tell, 0) AS BIGINT) AS deliveries_undecidable,
    CAST(COALESCE(s.silent, 0) AS BIGINT) AS deliveries_unchecked,
    CAST(COALESCE(s.needs_none, 0) AS BIGINT) AS deliveries_needing_none,
    CAST(COALESCE(s.exempt, 0) AS BIGINT) AS deliveries_exempt,
    CAST(COALESCE(s.granted, 0) AS BIGINT) AS deliveries_granted,
    CAST(COALESCE(s.integrations, 0) AS BIGINT) AS deliveries_against_integrations,
    CAST(COALESCE(s.elsewhere, 0) AS BIGINT) AS deliveries_refused_elsewhere,
    CAST(COALESCE(s.refused, 0) AS BIGINT) AS deliveries_refused
FROM loaded AS l
CROSS JOIN delivered AS d
CROSS JOIN standing AS s
CROSS JOIN (SELECT COUNT(*) AS events FROM event_in_force AS f WHERE f.version_id IS NULL) AS u
