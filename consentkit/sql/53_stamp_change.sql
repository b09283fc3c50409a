-- One row per event whose stamp differs from the one before it, of the same device and library: a change of consent that a
-- preference event should tell of (RULES.md 10, V13). Only categories that both name are compared; detail says what
-- changed. The change lies between since and until. Left out: a total rejection by a web library, which never sends
-- the preference event (section 9, row 6). A device stands by the least of its events, a number, which is sorted sooner than its id.
WITH stamped AS (
    SELECT g.signature_id AS signature_id, g.stamp_id AS stamp_id
    FROM signature AS g
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    WHERE g.kind = 'event' AND s.state = 'A4' AND s.dialect = 'segment'
),
mixed AS (
    SELECT e.anonymous_id AS anonymous_id, MIN(e.event_id) AS device_id
    FROM event AS e
    INNER JOIN stamped AS s ON s.signature_id = e.signature_id
    WHERE e.anonymous_id IS NOT NULL AND e.stamped_from IS NOT NULL
    GROUP BY e.anonymous_id
    HAVING MIN(s.stamp_id) < MAX(s.stamp_id)
),
placed AS (
    SELECT
        e.event_id AS event_id,
        s.stamp_id AS stamp_id,
        LAG(s.stamp_id) OVER (
            PARTITION BY m.device_id, e.library ORDER BY e.event_at, e.received_at, e.payload_key, e.event_id
        ) AS stamp_before,
        LAG(e.stamped_from) OVER (
            PARTITION BY m.device_id, e.library ORDER BY e.event_at, e.received_at, e.payload_key, e.event_id
        ) AS since
    FROM event AS e
    INNER JOIN stamped AS s ON s.signature_id = e.signature_id
    INNER JOIN mixed AS m ON m.anonymous_id = e.anonymous_id
    WHERE e.stamped_from IS NOT NULL
),
changed AS (
    SELECT
        p.event_id AS event_id,
        e.anonymous_id AS anonymous_id,
        e.user_id AS user_id,
        p.stamp_id AS stamp_id,
        p.stamp_before AS stamp_before,
        CASE WHEN COALESCE(e.library, 'analytics.js') IN ('analytics.js', '@segment/analytics-next') THEN TRUE ELSE FALSE END AS web,
        p.since AS since,
        e.stamped_to AS until
    FROM placed AS p
    INNER JOIN event AS e ON e.event_id = p.event_id
    WHERE p.stamp_before <> p.stamp_id
),
pair AS (
    SELECT DISTINCT c.stamp_id AS stamp_id, c.stamp_before AS stamp_before
    FROM changed AS c
),
differs AS (
    SELECT
        a.stamp_id AS stamp_id,
        a.stamp_before AS stamp_before,
        MAX(CASE WHEN n.granted = TRUE THEN 1 ELSE 0 END) AS granted,
        MAX(CASE WHEN n.granted = FALSE THEN 1 ELSE 0 END) AS refused
    FROM pair AS a
    INNER JOIN stamp_category AS n ON n.stamp_id = a.stamp_id
    INNER JOIN stamp_category AS b ON b.stamp_id = a.stamp_before AND b.category_id = n.category_id
    WHERE n.granted <> b.granted
    GROUP BY a.stamp_id, a.stamp_before
)
SELECT
    c.event_id AS event_id,
    c.anonymous_id AS anonymous_id,
    c.user_id AS user_id,
    c.since AS since,
    c.until AS until,
    CASE
        WHEN d.granted = 1 AND d.refused = 1 THEN 'granted and refused'
        WHEN d.granted = 1 THEN 'granted'
        ELSE 'refused'
    END AS detail
FROM changed AS c
INNER JOIN differs AS d ON d.stamp_id = c.stamp_id AND d.stamp_before = c.stamp_before
INNER JOIN stamp_total AS t ON t.stamp_id = c.stamp_id
WHERE t.granted > 0 OR c.web = FALSE
