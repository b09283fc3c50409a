-- One row per delivery that left for a destination after its subject had refused it, and before that choice ended.
-- collected: after, or before the refusal (then only the sending is late). stamp: what the event itself said: refused,
-- granted (an outdated stamp), none (no consent object of any tool), unclear. other_device: the refusal was made on another device
-- than the event comes from, so that the latest choice of the person counts (RULES.md 2.4).
SELECT
    f.subject_kind AS subject_kind,
    f.subject_id AS subject_id,
    f.refusal_event_id AS refusal_event_id,
    f.refused_at AS refused_at,
    f.ended_at AS ended_at,
    f.destination_id AS destination_id,
    r.delivery_id AS delivery_id,
    r.event_id AS event_id,
    r.left_at AS left_at,
    r.event_at AS event_at,
    CASE WHEN r.event_at < f.refused_at THEN 'before' ELSE 'after' END AS collected,
    CASE
        WHEN o.refused > 0 THEN 'refused'
        WHEN o.granted = w.needed THEN 'granted'
        WHEN o.stamp_id IS NOT NULL THEN 'unclear'
        WHEN t.state IN ('A0', 'A1', 'A2') THEN 'none'
        WHEN a.unclear > 0 OR t.state = 'A6' THEN 'unclear'
        WHEN a.granted = a.needed THEN 'granted'
        ELSE 'refused'
    END AS stamp,
    CASE WHEN f.anonymous_id IS NULL OR r.anonymous_id IS NULL OR f.anonymous_id = r.anonymous_id THEN FALSE ELSE TRUE END AS other_device
FROM destination_refusal AS f
INNER JOIN delivered_event AS r
    ON r.subject_kind = f.subject_kind AND r.subject_id = f.subject_id AND r.destination_id = f.destination_id
    AND r.left_at >= f.refused_at AND r.left_at < f.ended_at
INNER JOIN stamp AS t ON t.stamp_id = r.stamp_id
CROSS JOIN newest_version AS n
INNER JOIN stamp_account AS a
    ON a.stamp_id = r.stamp_id AND a.version_id = n.version_id AND a.destination_id = r.destination_id
LEFT JOIN (
    SELECT c.version_id AS version_id, c.destination_id AS destination_id, COUNT(*) AS needed
    FROM destination_category AS c
    GROUP BY c.version_id, c.destination_id
) AS w ON w.version_id = n.version_id AND w.destination_id = r.destination_id
-- a stamp that is not Segment's, in whatever words
LEFT JOIN (
    SELECT
        k.stamp_id AS stamp_id,
        q.destination_id AS destination_id,
        SUM(CASE WHEN k.granted = TRUE THEN 1 ELSE 0 END) AS granted,
        SUM(CASE WHEN k.granted = FALSE THEN 1 ELSE 0 END) AS refused
    FROM stamp_answer AS k
    INNER JOIN stamp AS s ON s.stamp_id = k.stamp_id
    CROSS JOIN newest_version AS v
    INNER JOIN destination_category AS q ON q.version_id = v.version_id AND q.category_id = k.category_id
    WHERE s.dialect <> 'segment' OR s.state NOT IN ('A3', 'A4')
    GROUP BY k.stamp_id, q.destination_id
) AS o ON o.stamp_id = r.stamp_id AND o.destination_id = r.destination_id
