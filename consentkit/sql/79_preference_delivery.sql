-- One row per destination that some source is connected to: the preference events that should reach it, and what became
-- of them. Only Actions destinations can be told of a choice; a classic one never learns of a revocation (RULES.md
-- section 2.3). revocations: preference events by which some category became refused. uninformed: subjects whose latest
-- revocation was not delivered to it.
WITH revoking AS (
    SELECT i.event_id AS event_id
    FROM consent_interval AS i
    WHERE i.value = 'false' AND i.basis <> 'merge'
    GROUP BY i.event_id
),
due AS (
    SELECT
        t.destination_id AS destination_id,
        p.event_id AS event_id,
        CASE WHEN r.event_id IS NULL THEN 0 ELSE 1 END AS revokes
    FROM preference_event AS p
    INNER JOIN event AS e ON e.event_id = p.event_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = e.signature_id AND o.version_id = n.version_id
    INNER JOIN connected AS t ON t.version_id = n.version_id AND t.source_id = o.source_id
    LEFT JOIN revoking AS r ON r.event_id = p.event_id
),
record AS (
    SELECT
        q.event_id AS event_id,
        m.destination_id AS destination_id,
        MAX(CASE WHEN m.status = 'delivered' THEN 2 WHEN m.status = 'filtered' THEN 1 ELSE 0 END) AS fate
    FROM preference_event AS p
    INNER JOIN delivery AS q ON q.event_id = p.event_id
    CROSS JOIN newest_version AS n
    INNER JOIN route_meaning AS m ON m.route_id = q.route_id AND m.version_id = n.version_id
    GROUP BY q.event_id, m.destination_id
),
latest AS (
    SELECT
        s.subject_kind AS subject_kind,
        s.subject_id AS subject_id,
        s.event_id AS event_id,
        ROW_NUMBER() OVER (
            PARTITION BY s.subject_kind, s.subject_id ORDER BY s.happened_at DESC, s.arrived_at DESC, s.payload_key DESC, s.event_id DESC
        ) AS place
    FROM preference_subject AS s
    INNER JOIN revoking AS r ON r.event_id = s.event_id
),
told AS (
    SELECT
        u.destination_id AS destination_id,
        COUNT(*) AS preference_events,
        SUM(CASE WHEN d.fate = 2 THEN 1 ELSE 0 END) AS delivered,
        SUM(CASE WHEN d.fate = 1 THEN 1 ELSE 0 END) AS filtered,
        SUM(CASE WHEN d.fate = 0 THEN 1 ELSE 0 END) AS failed,
        SUM(CASE WHEN d.fate IS NULL THEN 1 ELSE 0 END) AS no_record,
        SUM(u.revokes) AS revocations,
        SUM(CASE WHEN d.fate = 2 THEN u.revokes ELSE 0 END) AS revocations_delivered
    FROM due AS u
    LEFT JOIN record AS d ON d.event_id = u.event_id AND d.destination_id = u.destination_id
    GROUP BY u.destination_id
),
left_out AS (
    SELECT u.destination_id AS destination_id, COUNT(DISTINCT l.subject_id) AS uninformed
    FROM latest AS l
    INNER JOIN due AS u ON u.event_id = l.event_id
    LEFT JOIN record AS d ON d.event_id = u.event_id AND d.destination_id = u.destination_id
    WHERE l.place = 1 AND l.subject_kind = 'device' AND COALESCE(d.fate, 0) < 2
    GROUP BY u.destination_id
)
SELECT
    x.name AS destination,
    x.kind AS kind,
    CASE
        WHEN x.kind = 'actions' THEN 'can be told'
        WHEN x.kind = 'classic' THEN 'cannot be told: classic'
        ELSE 'not documented'
    END AS sharing,
    t.preference_events AS preference_events,
    CAST(t.delivered AS BIGINT) AS delivered,
    CAST(t.filtered AS BIGINT) AS filtered,
    CAST(t.failed AS BIGINT) AS failed,
    CAST(t.no_record AS BIGINT) AS no_record,
    CAST(t.revocations AS BIGINT) AS revocations,
    CAST(t.revocations_delivered AS BIGINT) AS revocations_delivered,
    COALESCE(l.uninformed, 0) AS uninformed
FROM told AS t
CROSS JOIN newest_version AS n
INNER JOIN destination AS x ON x.version_id = n.version_id AND x.destination_id = t.destination_id
LEFT JOIN left_out AS l ON l.destination_id = t.destination_id
WHERE x.known = TRUE AND x.kind <> 'platform'
