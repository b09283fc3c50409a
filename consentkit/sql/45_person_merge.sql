-- One row per known person, other known person it became one with, and when: alias calls whose previousId is itself
-- a user id of some event, in both directions and along chains (RULES.md 2.4, profile merge).
WITH RECURSIVE named AS (
    SELECT
        a.user_id AS user_id,
        a.previous_id AS other_id,
        CASE WHEN a.received_at < a.event_at THEN a.received_at ELSE COALESCE(a.event_at, a.received_at) END AS merged_at,
        a.event_id AS event_id
    FROM event AS a
    INNER JOIN event AS k ON k.user_id = a.previous_id
    WHERE a.previous_id IS NOT NULL AND a.user_id <> a.previous_id
    GROUP BY a.user_id, a.previous_id, a.event_at, a.received_at, a.event_id
),
edge AS (
    SELECT n.user_id AS user_id, n.other_id AS other_id, n.merged_at AS merged_at, n.event_id AS event_id
    FROM named AS n
    WHERE n.merged_at IS NOT NULL
    UNION
    SELECT n.other_id AS user_id, n.user_id AS other_id, n.merged_at AS merged_at, n.event_id AS event_id
    FROM named AS n
    WHERE n.merged_at IS NOT NULL
),
reached AS (
    SELECT e.user_id AS user_id, e.other_id AS other_id, e.merged_at AS merged_at, e.event_id AS event_id
    FROM edge AS e
    UNION
    SELECT
        r.user_id AS user_id,
        e.other_id AS other_id,
        CASE WHEN e.merged_at >= r.merged_at THEN e.merged_at ELSE r.merged_at END AS merged_at,
        CASE WHEN e.merged_at >= r.merged_at THEN e.event_id ELSE r.event_id END AS event_id
    FROM reached AS r
    INNER JOIN edge AS e ON e.user_id = r.other_id
    WHERE e.other_id <> r.user_id
),
placed AS (
    SELECT
        r.user_id AS user_id,
        r.other_id AS other_id,
        r.merged_at AS merged_at,
        r.event_id AS event_id,
        ROW_NUMBER() OVER (PARTITION BY r.user_id, r.other_id ORDER BY r.merged_at, r.event_id) AS place
    FROM reached AS r
)
SELECT
    p.user_id AS user_id,
    p.other_id AS other_id,
    p.merged_at AS merged_at,
    p.event_id AS event_id
FROM placed AS p
WHERE p.place = 1
