-- One row per dated choice and subject it speaks for: the device it came from, the person it names, the person its device
-- belongs to, and the people that person became one with before it (RULES.md 2.4). A choice is a preference event, or, where
-- stamps are not Segment's, an event whose stamp says something else than before: announced tells them apart.
-- A device that names one person only belongs to that person, before and after. On a shared device an event without
-- a user id belongs to the next person named, if no other was named before it; between two people it is nobody's.
WITH choice AS (
    SELECT
        e.event_id AS event_id, e.anonymous_id AS anonymous_id, e.user_id AS user_id, e.stamp_id AS stamp_id, e.state AS state,
        e.happened_at AS happened_at, e.arrived_at AS arrived_at, e.payload_key AS payload_key, TRUE AS announced
    FROM preference_event AS e
    UNION ALL
    SELECT
        c.event_id AS event_id, c.anonymous_id AS anonymous_id, c.user_id AS user_id, c.stamp_id AS stamp_id, 'A4' AS state,
        c.happened_at AS happened_at, c.arrived_at AS arrived_at, c.payload_key AS payload_key, FALSE AS announced
    FROM stamp_choice AS c
),
lonely AS (
    SELECT
        p.event_id AS event_id,
        p.happened_at AS happened_at,
        d.user_id AS user_id,
        d.users AS users,
        d.anonymous_id AS anonymous_id
    FROM choice AS p
    INNER JOIN device_person AS d ON d.anonymous_id = p.anonymous_id
    WHERE p.user_id IS NULL
),
placed AS (
    SELECT
        q.event_id AS event_id,
        i.user_id AS user_id,
        i.event_at AS event_at,
        CASE WHEN i.event_at > q.happened_at THEN TRUE ELSE FALSE END AS later
    FROM (
        SELECT DISTINCT l.event_id AS event_id, l.happened_at AS happened_at, l.anonymous_id AS anonymous_id
        FROM lonely AS l
        WHERE l.users > 1
    ) AS q
    INNER JOIN event AS i ON i.anonymous_id = q.anonymous_id
    WHERE i.user_id IS NOT NULL AND i.event_at IS NOT NULL
),
edges AS (
    SELECT
        b.event_id AS event_id,
        MAX(CASE WHEN b.later = FALSE THEN b.event_at END) AS before_at,
        MIN(CASE WHEN b.later = TRUE THEN b.event_at END) AS after_at
    FROM placed AS b
    GROUP BY b.event_id
),
around AS (
    SELECT
        b.event_id AS event_id,
        MIN(CASE WHEN b.event_at = x.after_at THEN b.user_id END) AS next_user,
        COUNT(DISTINCT b.user_id) AS users
    FROM placed AS b
    INNER JOIN edges AS x ON x.event_id = b.event_id
    WHERE b.event_at = x.after_at OR b.event_at = x.before_at
    GROUP BY b.event_id
),
spoken AS (
    SELECT p.event_id AS event_id, p.user_id AS user_id
    FROM choice AS p
    WHERE p.user_id IS NOT NULL
    UNION ALL
    SELECT l.event_id AS event_id, l.user_id AS user_id
    FROM lonely AS l
    WHERE l.users = 1
    UNION ALL
    SELECT a.event_id AS event_id, a.next_user AS user_id
    FROM around AS a
    WHERE a.users = 1 AND a.next_user IS NOT NULL
)
SELECT
    'device' AS subject_kind,
    p.anonymous_id AS subject_id,
    p.event_id AS event_id,
    p.stamp_id AS stamp_id,
    p.state AS state,
    p.happened_at AS happened_at,
    p.arrived_at AS arrived_at,
    p.payload_key AS payload_key,
    p.announced AS announced
FROM choice AS p
WHERE p.anonymous_id IS NOT NULL AND p.happened_at IS NOT NULL
UNION ALL
SELECT
    'person' AS subject_kind,
    s.user_id AS subject_id,
    p.event_id AS event_id,
    p.stamp_id AS stamp_id,
    p.state AS state,
    p.happened_at AS happened_at,
    p.arrived_at AS arrived_at,
    p.payload_key AS payload_key,
    p.announced AS announced
FROM spoken AS s
INNER JOIN choice AS p ON p.event_id = s.event_id
WHERE p.happened_at IS NOT NULL
UNION ALL
SELECT
    'person' AS subject_kind,
    m.user_id AS subject_id,
    p.event_id AS event_id,
    p.stamp_id AS stamp_id,
    p.state AS state,
    p.happened_at AS happened_at,
    p.arrived_at AS arrived_at,
    p.payload_key AS payload_key,
    p.announced AS announced
FROM spoken AS s
INNER JOIN person_merge AS m ON m.other_id = s.user_id
INNER JOIN choice AS p ON p.event_id = s.event_id
WHERE p.happened_at > m.merged_at
