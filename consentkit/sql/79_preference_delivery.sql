-- One row per destination that some source is connected to: the preference events that should reach it, and what became
-- of them. Only Actions destinations can be told of a choice; a classic one never learns of a revocation (RULES.md
-- section 2.3). changes: preference events that changed something; revocations: by which some category became refused.
-- uninformed: devices whose latest revocation was not delivered to it.
WITH latest AS (
    SELECT
        s.subject_id AS subject_id,
        s.event_id AS event_id,
        ROW_NUMBER() OVER (
            PARTITION BY s.subject_id ORDER BY s.happened_at DESC, s.arrived_at DESC, s.payload_key DESC, s.event_id DESC
        ) AS place
    FROM preference_subject AS s
    INNER JOIN (SELECT DISTINCT u.event_id AS event_id FROM preference_due AS u WHERE u.revokes = TRUE) AS r
        ON r.event_id = s.event_id
    WHERE s.subject_kind = 'device'
),
told AS (
    SELECT
        u.destination_id AS destination_id,
        COUNT(*) AS preference_events,
        SUM(CASE WHEN u.fate = 'delivered' THEN 1 ELSE 0 END) AS delivered,
        SUM(CASE WHEN u.fate = 'filtered' THEN 1 ELSE 0 END) AS filtered,
        SUM(CASE WHEN u.fate IN ('failed', 'pending') THEN 1 ELSE 0 END) AS failed,
        SUM(CASE WHEN u.fate IN ('no record', 'no log') THEN 1 ELSE 0 END) AS no_record,
        SUM(CASE WHEN u.changes = TRUE THEN 1 ELSE 0 END) AS changes,
        SUM(CASE WHEN u.changes = TRUE AND u.fate = 'delivered' THEN 1 ELSE 0 END) AS changes_delivered,
        SUM(CASE WHEN u.revokes = TRUE THEN 1 ELSE 0 END) AS revocations,
        SUM(CASE WHEN u.revokes = TRUE AND u.fate = 'delivered' THEN 1 ELSE 0 END) AS revocations_delivered
    FROM preference_due AS u
    GROUP BY u.destination_id
),
left_out AS (
    SELECT u.destination_id AS destination_id, COUNT(DISTINCT l.subject_id) AS uninformed
    FROM latest AS l
    INNER JOIN preference_due AS u ON u.event_id = l.event_id
    WHERE l.place = 1 AND u.fate <> 'delivered'
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
    CAST(t.changes AS BIGINT) AS changes,
    CAST(t.changes_delivered AS BIGINT) AS changes_delivered,
    CAST(t.revocations AS BIGINT) AS revocations,
    CAST(t.revocations_delivered AS BIGINT) AS revocations_delivered,
    COALESCE(l.uninformed, 0) AS uninformed
FROM told AS t
CROSS JOIN newest_version AS n
INNER JOIN destination AS x ON x.version_id = n.version_id AND x.destination_id = t.destination_id
LEFT JOIN left_out AS l ON l.destination_id = t.destination_id
WHERE x.known = TRUE AND x.kind <> 'platform'
