-- One row per refusal and destination it closes: how much left for it afterwards, and until when. Events count that
-- were collected after the refusal; sent_late are deliveries of events from before it. chances: events of the subject
-- after the refusal from a source connected to the destination. leaking: the refusal stands, and the last such event
-- was still delivered. possible: deliveries that may be of such
-- an event, or of another that shares its message id; they count nowhere else. What is counted, and of which stamp: delivery_after_refusal.
WITH leaked AS (
    SELECT
        x.subject_kind AS subject_kind,
        x.subject_id AS subject_id,
        x.refusal_event_id AS refusal_event_id,
        x.destination_id AS destination_id,
        SUM(CASE WHEN x.sure = TRUE AND x.collected = 'after' THEN 1 ELSE 0 END) AS deliveries,
        COUNT(DISTINCT CASE WHEN x.sure = TRUE AND x.collected = 'after' THEN x.event_id END) AS events,
        SUM(CASE WHEN x.sure = TRUE AND x.collected = 'after' AND x.stamp = 'refused' THEN 1 ELSE 0 END) AS stamp_refused,
        SUM(CASE WHEN x.sure = TRUE AND x.collected = 'after' AND x.stamp = 'granted' THEN 1 ELSE 0 END) AS stamp_granted,
        SUM(CASE WHEN x.sure = TRUE AND x.collected = 'after' AND x.stamp = 'none' THEN 1 ELSE 0 END) AS stamp_none,
        SUM(CASE WHEN x.sure = TRUE AND x.collected = 'after' AND x.other_device = TRUE THEN 1 ELSE 0 END) AS other_device,
        SUM(CASE WHEN x.sure = TRUE AND x.collected = 'before' THEN 1 ELSE 0 END) AS sent_late,
        MAX(CASE WHEN x.sure = TRUE AND x.collected = 'after' THEN x.left_at END) AS last_at,
        MAX(CASE WHEN x.sure = TRUE AND x.collected = 'after' THEN x.event_at END) AS last_event_at,
        COUNT(DISTINCT CASE WHEN x.sure = FALSE AND x.collected = 'after' THEN x.delivery_id END) AS possible,
        MAX(CASE WHEN x.sure = FALSE AND x.collected = 'after' THEN x.left_at END) AS possible_at
    FROM delivery_after_refusal AS x
    GROUP BY x.subject_kind, x.subject_id, x.refusal_event_id, x.destination_id
),
offered AS (
    SELECT
        f.subject_kind AS subject_kind,
        f.subject_id AS subject_id,
        f.refusal_event_id AS refusal_event_id,
        f.destination_id AS destination_id,
        SUM(c.events) AS chances,
        MAX(c.last_at) AS last_chance_at
    FROM destination_refusal AS f
    INNER JOIN stretch_events AS c
        ON c.subject_kind = f.subject_kind AND c.subject_id = f.subject_id
        AND c.from_at = f.refused_at AND c.to_at = f.ended_at AND c.choice = 'refusal'
    CROSS JOIN newest_version AS n
    INNER JOIN connected AS t
        ON t.version_id = n.version_id AND t.source_id = c.source_id AND t.destination_id = f.destination_id
    GROUP BY f.subject_kind, f.subject_id, f.refusal_event_id, f.destination_id
)
SELECT
    f.subject_kind AS subject_kind,
    f.subject_id AS subject_id,
    f.refusal_event_id AS refusal_event_id,
    f.destination_id AS destination_id,
    f.refused_at AS refused_at,
    f.ended_at AS ended_at,
    CASE WHEN f.first_choice = 1 THEN TRUE ELSE FALSE END AS first_choice,
    CAST(COALESCE(o.chances, 0) AS BIGINT) AS chances,
    CAST(COALESCE(l.deliveries, 0) AS BIGINT) AS deliveries,
    COALESCE(l.events, 0) AS events,
    CAST(COALESCE(l.stamp_refused, 0) AS BIGINT) AS stamp_refused,
    CAST(COALESCE(l.stamp_granted, 0) AS BIGINT) AS stamp_granted,
    CAST(COALESCE(l.stamp_none, 0) AS BIGINT) AS stamp_none,
    CAST(COALESCE(l.other_device, 0) AS BIGINT) AS other_device,
    CAST(COALESCE(l.sent_late, 0) AS BIGINT) AS sent_late,
    l.last_at AS last_at,
    COALESCE(l.possible, 0) AS possible,
    l.possible_at AS possible_at,
    CASE
        WHEN l.deliveries > 0 AND f.ended_at = CAST('9999-12-31' AS DATE) AND l.last_event_at >= o.last_chance_at THEN TRUE
        ELSE FALSE
    END AS leaking
FROM destination_refusal AS f
LEFT JOIN leaked AS l
    ON l.subject_kind = f.subject_kind AND l.subject_id = f.subject_id
    AND l.refusal_event_id = f.refusal_event_id AND l.destination_id = f.destination_id
LEFT JOIN offered AS o
    ON o.subject_kind = f.subject_kind AND o.subject_id = f.subject_id
    AND o.refusal_event_id = f.refusal_event_id AND o.destination_id = f.destination_id
