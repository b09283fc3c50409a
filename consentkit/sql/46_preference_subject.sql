-- One row per dated choice and subject it speaks for: the device it came from, the person it names, the person its device
-- belongs to, and the people that person became one with before it (RULES.md 2.4). A choice is a preference event, or, where
-- stamps are not Segment's, an event whose stamp says something else than before: announced tells them apart.
-- A device that names one person only belongs to that person, before and after. On a shared device an event without
-- a user id belongs to the next person named, if no other was named before it; between two people it is nobody's. Who was
-- named last and is named next are a running maximum and minimum, not a join of each choice with each event of the device.
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
device AS (
    SELECT d.anonymous_id AS anonymous_id, MIN(d.user_id) AS user_id, MIN(d.users) AS users
    FROM device_person AS d
    GROUP BY d.anonymous_id
),
lonely AS (
    SELECT
        p.event_id AS event_id,
        p.happened_at AS happened_at,
        d.user_id AS user_id,
        d.users AS users,
        d.anonymous_id AS anonymous_id
    FROM choice AS p
    INNER JOIN device AS d ON d.anonymous_id = p.anonymous_id
    WHERE p.user_id IS NULL
),
shared AS (
    SELECT l.event_id AS event_id, l.anonymous_id AS anonymous_id, l.happened_at AS happened_at
    FROM lonely AS l
    WHERE l.users > 1 AND l.happened_at IS NOT NULL
),
named AS (
    SELECT i.anonymous_id AS anonymous_id, i.event_at AS event_at, MIN(i.user_id) AS least_user, MAX(i.user_id) AS most_user
    FROM event AS i
    WHERE i.user_id IS NOT NULL AND i.event_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM shared AS h WHERE h.anonymous_id = i.anonymous_id)
    GROUP BY i.anonymous_id, i.event_at
),
moment AS (
    SELECT h.event_id AS event_id, h.anonymous_id AS anonymous_id, h.happened_at AS at, NULL AS event_at, 1 AS place
    FROM shared AS h
    UNION ALL
    SELECT NULL AS event_id, n.anonymous_id AS anonymous_id, n.event_at AS at, n.event_at AS event_at, 0 AS place
    FROM named AS n
),
edges AS (
    SELECT
        m.event_id AS event_id,
        m.anonymous_id AS anonymous_id,
        MAX(m.event_at) OVER (PARTITION BY m.anonymous_id ORDER BY m.at, m.place) AS before_at,
        MIN(m.event_at) OVER (PARTITION BY m.anonymous_id ORDER BY m.at DESC, m.place DESC) AS after_at
    FROM moment AS m
),
around AS (
    SELECT x.event_id AS event_id, a.least_user AS next_user
    FROM edges AS x
    INNER JOIN named AS a ON a.anonymous_id = x.anonymous_id AND a.event_at = x.after_at
    LEFT JOIN named AS b ON b.anonymous_id = x.anonymous_id AND b.event_at = x.before_at
    WHERE x.event_id IS NOT NULL AND a.least_user = a.most_user
        AND (b.anonymous_id IS NULL OR (b.least_user = a.least_user AND b.most_user = a.least_user))
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
