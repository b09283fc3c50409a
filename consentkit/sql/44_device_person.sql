-- One row per device (anonymous id) and known person (user id) that an event names together, or that an alias call
-- links; users says how many people the device names in all. More than one: a shared device (RULES.md 2.4).
WITH linked AS (
    SELECT e.anonymous_id AS anonymous_id, e.user_id AS user_id
    FROM event AS e
    WHERE e.anonymous_id IS NOT NULL AND e.user_id IS NOT NULL
    GROUP BY e.anonymous_id, e.user_id
    UNION
    SELECT a.previous_id AS anonymous_id, a.user_id AS user_id
    FROM event AS a
    WHERE a.previous_id IS NOT NULL AND a.user_id IS NOT NULL
        AND EXISTS (SELECT 1 FROM event AS d WHERE d.anonymous_id = a.previous_id)
),
counted AS (
    SELECT l.anonymous_id AS anonymous_id, COUNT(*) AS users
    FROM linked AS l
    GROUP BY l.anonymous_id
)
SELECT
    l.anonymous_id AS anonymous_id,
    l.user_id AS user_id,
    c.users AS users
FROM linked AS l
INNER JOIN counted AS c ON c.anonymous_id = l.anonymous_id
