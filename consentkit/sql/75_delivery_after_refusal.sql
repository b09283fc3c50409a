-- One row per delivery that left for a destination after its subject had refused it, and before that choice ended.
-- collected: after, or before the refusal (then only the sending is late). stamp: what the event itself said: refused,
-- granted (an outdated stamp), none (no consent object of any tool), unclear. other_device: the refusal was made on another device
-- than the event comes from, so that the latest choice of the person counts (RULES.md 2.4). sure: see event_record. Which of several refusals
-- stood when it left is looked for as a running maximum of each category: a join by ranges sets each choice against each delivery.
WITH refused AS (
    SELECT
        s.number AS number, f.refusal_event_id AS refusal_event_id, f.destination_id AS destination_id, f.refused_at AS refused_at,
        f.ended_at AS ended_at, f.anonymous_id AS anonymous_id
    FROM destination_refusal AS f
    INNER JOIN chooser AS s ON s.subject_kind = f.subject_kind AND s.subject_id = f.subject_id
),
spread AS (
    SELECT f.number AS number, f.destination_id AS destination_id, MIN(f.refused_at) AS first_at, MAX(f.ended_at) AS last_to
    FROM refused AS f
    GROUP BY f.number, f.destination_id
),
left_later AS (
    SELECT
        r.delivery_id AS delivery_id, r.event_id AS event_id, r.destination_id AS destination_id, r.left_at AS left_at,
        r.event_at AS event_at, r.stamp_id AS stamp_id, r.number AS number, r.sure AS sure
    FROM delivered_event AS r
    INNER JOIN spread AS p
        ON p.number = r.number AND p.destination_id = r.destination_id AND p.first_at <= r.left_at AND p.last_to > r.left_at
),
leaving AS (
    SELECT DISTINCT x.number AS number, x.left_at AS left_at FROM left_later AS x
),
refusing AS (
    SELECT
        s.number AS number, i.category_id AS category_id, i.event_id AS event_id, i.valid_from AS valid_from, i.valid_to AS valid_to
    FROM consent_interval AS i
    INNER JOIN chooser AS s ON s.subject_kind = i.subject_kind AND s.subject_id = i.subject_id
    WHERE i.value = 'false' AND EXISTS (SELECT 1 FROM leaving AS r WHERE r.number = s.number)
),
moment AS (
    SELECT r.number AS number, c.category_id AS category_id, r.left_at AS at, NULL AS valid_from
    FROM leaving AS r
    INNER JOIN (SELECT DISTINCT i.number AS number, i.category_id AS category_id FROM refusing AS i) AS c ON c.number = r.number
    UNION ALL
    SELECT i.number AS number, i.category_id AS category_id, i.valid_from AS at, i.valid_from AS valid_from
    FROM refusing AS i
),
looked AS (
    SELECT
        m.number AS number,
        m.category_id AS category_id,
        m.at AS at,
        MAX(m.valid_from) OVER (PARTITION BY m.number, m.category_id ORDER BY m.at) AS valid_from
    FROM moment AS m
),
standing AS (
    SELECT DISTINCT l.number AS number, l.at AS at, i.event_id AS event_id
    FROM looked AS l
    INNER JOIN refusing AS i
        ON i.number = l.number AND i.category_id = l.category_id AND i.valid_from = l.valid_from AND i.valid_to > l.at
)
SELECT
    u.subject_kind AS subject_kind,
    u.subject_id AS subject_id,
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
        WHEN t.state = 'A4' AND a.refused + a.unnamed > 0 THEN 'refused'
        WHEN a.unclear > 0 OR t.state = 'A6' THEN 'unclear'
        WHEN a.granted = a.needed THEN 'granted'
        ELSE 'refused'
    END AS stamp,
    CASE WHEN f.anonymous_id IS NULL OR e.anonymous_id IS NULL OR f.anonymous_id = e.anonymous_id THEN FALSE ELSE TRUE END AS other_device,
    r.sure AS sure
FROM left_later AS r
INNER JOIN standing AS b ON b.number = r.number AND b.at = r.left_at
INNER JOIN refused AS f
    ON f.number = r.number AND f.destination_id = r.destination_id AND f.refusal_event_id = b.event_id
    AND f.refused_at <= r.left_at AND f.ended_at > r.left_at
INNER JOIN chooser AS u ON u.number = r.number
INNER JOIN event AS e ON e.event_id = r.event_id
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
