-- One row per delivery record and situation it may be of: one, unless its message id is shared by several events, or its
-- event arrived under another policy version than the one of its time; then one row per distinct situation among
-- them, and candidates says how many there are. The event is the first of its situation; place: where it stands among those
-- that share its id, in whatever order files were loaded.
WITH several AS (
    SELECT s.event_id AS event_id, TRUE AS by_message, s.group_id AS group_id, s.place AS place
    FROM shared_message AS s
    UNION ALL
    SELECT a.event_id AS event_id, TRUE AS by_message, a.event_id AS group_id, 1 AS place
    FROM event_arrival AS a
    LEFT JOIN shared_message AS s ON s.event_id = a.event_id
    WHERE s.event_id IS NULL
    UNION ALL
    SELECT a.event_id AS event_id, FALSE AS by_message, a.event_id AS group_id, 1 AS place
    FROM event_arrival AS a
),
placed AS (
    SELECT
        e.event_id AS event_id, e.signature_id AS signature_id, e.version_id AS version_id, e.person_key AS person_key,
        e.event_at AS event_at, e.settled AS settled
    FROM event_in_force AS e
    UNION ALL
    SELECT
        a.event_id AS event_id, a.signature_id AS signature_id, a.version_id AS version_id, a.person_key AS person_key,
        a.event_at AS event_at, a.settled AS settled
    FROM event_arrival AS a
),
candidate AS (
    SELECT
        s.group_id AS group_id,
        s.by_message AS by_message,
        e.signature_id AS signature_id,
        e.version_id AS version_id,
        MIN(s.place) AS place,
        MIN(e.person_key) AS person_key,
        MIN(e.event_at) AS event_at,
        MIN(CASE WHEN e.settled = TRUE THEN 1 ELSE 0 END) AS settled
    FROM several AS s
    INNER JOIN placed AS e ON e.event_id = s.event_id
    GROUP BY s.group_id, s.by_message, e.signature_id, e.version_id
),
counted AS (
    SELECT c.group_id AS group_id, c.by_message AS by_message, COUNT(*) AS candidates
    FROM candidate AS c
    GROUP BY c.group_id, c.by_message
)
SELECT
    d.delivery_id AS delivery_id,
    d.route_id AS route_id,
    d.logged_at AS logged_at,
    e.event_id AS event_id,
    e.signature_id AS signature_id,
    e.version_id AS version_id,
    e.person_key AS person_key,
    e.event_at AS event_at,
    e.settled AS settled,
    1 AS candidates,
    1 AS place
FROM delivery AS d
INNER JOIN event_in_force AS e ON e.event_id = d.event_id
LEFT JOIN several AS s ON s.event_id = d.event_id AND s.by_message = CASE WHEN d.linked_by = 'message_id' THEN TRUE ELSE FALSE END
WHERE s.event_id IS NULL
UNION ALL
SELECT
    d.delivery_id AS delivery_id,
    d.route_id AS route_id,
    d.logged_at AS logged_at,
    f.event_id AS event_id,
    c.signature_id AS signature_id,
    c.version_id AS version_id,
    c.person_key AS person_key,
    c.event_at AS event_at,
    CASE WHEN c.settled = 1 THEN TRUE ELSE FALSE END AS settled,
    n.candidates AS candidates,
    c.place AS place
FROM delivery AS d
INNER JOIN several AS s ON s.event_id = d.event_id AND s.by_message = CASE WHEN d.linked_by = 'message_id' THEN TRUE ELSE FALSE END
INNER JOIN candidate AS c ON c.group_id = s.group_id AND c.by_message = s.by_message
INNER JOIN counted AS n ON n.group_id = s.group_id AND n.by_message = s.by_message
INNER JOIN several AS f ON f.group_id = c.group_id AND f.by_message = c.by_message AND f.place = c.place
