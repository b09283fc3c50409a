-- One row per known person, other known person it became one with, and when: alias calls whose previousId is itself
-- a user id of some event, in both directions and along chains (RULES.md 2.4, profile merge). No chain turns back to the one it
-- comes from, and of calls that say the same again the first counts: one id that a thousand became would else be walked through
-- between each two of them for each third.
WITH RECURSIVE named AS (
    SELECT
        a.user_id AS user_id,
        a.previous_id AS other_id,
        m.happened_at AS merged_at,
        a.event_id AS event_id
    FROM event AS a
    INNER JOIN event_moment AS m ON m.event_id = a.event_id
    WHERE a.previous_id IS NOT NULL AND a.user_id <> a.previous_id
        AND EXISTS (SELECT 1 FROM event AS k WHERE k.user_id = a.previous_id)
),
sent AS (
    SELECT n.user_id AS user_id, n.other_id AS other_id, n.merged_at AS merged_at, n.event_id AS event_id
    FROM named AS n
    WHERE n.merged_at IS NOT NULL
    UNION
    SELECT n.other_id AS user_id, n.user_id AS other_id, n.merged_at AS merged_at, n.event_id AS event_id
    FROM named AS n
    WHERE n.merged_at IS NOT NULL
),
ordered AS (
    SELECT
        t.user_id AS user_id,
        t.other_id AS other_id,
        t.merged_at AS merged_at,
        t.event_id AS event_id,
        ROW_NUMBER() OVER (PARTITION BY t.user_id, t.other_id ORDER BY t.merged_at, t.event_id) AS place
    FROM sent AS t
),
edge AS (
    SELECT o.user_id AS user_id, o.other_id AS other_id, o.merged_at AS merged_at, o.event_id AS event_id
    FROM ordered AS o
    WHERE o.place = 1
),
reached AS (
    SELECT e.user_id AS user_id, e.other_id AS other_id, e.user_id AS via_id, e.merged_at AS merged_at, e.event_id AS event_id
    FROM edge AS e
    UNION
    SELECT
        r.user_id AS user_id,
        e.other_id AS other_id,
        r.other_id AS via_id,
        CASE WHEN e.merged_at >= r.merged_at THEN e.merged_at ELSE r.merged_at END AS merged_at,
        CASE WHEN e.merged_at >= r.merged_at THEN e.event_id ELSE r.event_id END AS event_id
    FROM reached AS r
    INNER JOIN edge AS e ON e.user_id = r.other_id
    WHERE e.other_id <> r.user_id AND e.other_id <> r.via_id
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
