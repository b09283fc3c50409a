-- One row per event by which a device, or a person without one, first says something of consent, or says something else than
-- before, in a stamp that is not Segment's. RudderStack and other tools have no preference event that must be sent: what people
-- chose is told by the stamps themselves (RULES.md 2.4). Undated events order nothing.
-- Where another person is named on a device, it is said anew for that one.
WITH speaking AS (
    SELECT DISTINCT g.signature_id AS signature_id, g.stamp_id AS stamp_id
    FROM signature AS g
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    INNER JOIN stamp_answer AS a ON a.stamp_id = g.stamp_id
    WHERE s.dialect <> 'segment' OR s.state NOT IN ('A3', 'A4')
),
said AS (
    SELECT
        e.event_id AS event_id,
        e.anonymous_id AS anonymous_id,
        e.user_id AS user_id,
        s.stamp_id AS stamp_id,
        e.happened_at AS happened_at,
        e.arrived_at AS arrived_at,
        e.payload_key AS payload_key
    FROM speaking AS s
    INNER JOIN event_moment AS e ON e.signature_id = s.signature_id
    WHERE e.anonymous_id IS NOT NULL OR e.user_id IS NOT NULL
),
placed AS (
    SELECT
        d.event_id AS event_id,
        d.anonymous_id AS anonymous_id,
        d.user_id AS user_id,
        d.stamp_id AS stamp_id,
        d.happened_at AS happened_at,
        d.arrived_at AS arrived_at,
        d.payload_key AS payload_key,
        LAG(d.stamp_id) OVER (
            PARTITION BY d.anonymous_id, CASE WHEN d.anonymous_id IS NULL THEN d.user_id END
            ORDER BY d.happened_at, d.arrived_at, d.payload_key, d.event_id
        ) AS stamp_before,
        CASE WHEN d.user_id IS NOT NULL THEN ROW_NUMBER() OVER (
            PARTITION BY d.anonymous_id, d.user_id ORDER BY d.happened_at, d.arrived_at, d.payload_key, d.event_id
        ) END AS of_person,
        CASE WHEN d.user_id IS NOT NULL THEN ROW_NUMBER() OVER (
            PARTITION BY d.anonymous_id, CASE WHEN d.user_id IS NULL THEN 0 ELSE 1 END
            ORDER BY d.happened_at, d.arrived_at, d.payload_key, d.event_id
        ) END AS of_people
    FROM said AS d
    WHERE d.happened_at IS NOT NULL
),
pair AS (
    SELECT DISTINCT p.stamp_before AS stamp_before, p.stamp_id AS stamp_id
    FROM placed AS p
    WHERE p.stamp_before <> p.stamp_id
),
-- two stamps that are written differently and answer alike, in another order or with another time in them, are no choice
changed AS (
    SELECT q.stamp_before AS stamp_before, q.stamp_id AS stamp_id
    FROM pair AS q
    INNER JOIN stamp_answer AS a ON a.stamp_id = q.stamp_id
    LEFT JOIN stamp_answer AS b ON b.stamp_id = q.stamp_before AND b.category_id = a.category_id
    WHERE b.stamp_id IS NULL OR COALESCE(a.granted, FALSE) <> COALESCE(b.granted, FALSE)
        OR (a.granted IS NULL AND b.granted IS NOT NULL) OR (a.granted IS NOT NULL AND b.granted IS NULL)
    UNION
    SELECT q.stamp_before AS stamp_before, q.stamp_id AS stamp_id
    FROM pair AS q
    INNER JOIN stamp_answer AS b ON b.stamp_id = q.stamp_before
    LEFT JOIN stamp_answer AS a ON a.stamp_id = q.stamp_id AND a.category_id = b.category_id
    WHERE a.stamp_id IS NULL
)
SELECT
    p.event_id AS event_id,
    p.anonymous_id AS anonymous_id,
    p.user_id AS user_id,
    p.stamp_id AS stamp_id,
    p.happened_at AS happened_at,
    p.arrived_at AS arrived_at,
    p.payload_key AS payload_key
FROM placed AS p
LEFT JOIN changed AS c ON c.stamp_before = p.stamp_before AND c.stamp_id = p.stamp_id
WHERE p.stamp_before IS NULL OR c.stamp_id IS NOT NULL
    OR (p.anonymous_id IS NOT NULL AND p.of_person = 1 AND p.of_people > 1)
