-- One row per delivery record and event it may be of: one event, unless its message id is shared by
-- several; then one row per distinct situation among them, and candidates says how many there are.
WITH candidate AS (
    SELECT
        s.group_id AS group_id,
        e.signature_id AS signature_id,
        e.version_id AS version_id,
        MIN(e.event_id) AS event_id,
        MIN(e.person_key) AS person_key,
        MIN(e.event_at) AS event_at,
        MIN(CASE WHEN e.settled = TRUE THEN 1 ELSE 0 END) AS settled
    FROM shared_message AS s
    INNER JOIN event_in_force AS e ON e.event_id = s.event_id
    GROUP BY s.group_id, e.signature_id, e.version_id
),
counted AS (
    SELECT c.group_id AS group_id, COUNT(*) AS candidates
    FROM candidate AS c
    GROUP BY c.group_id
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
    1 AS candidates
FROM delivery AS d
INNER JOIN event_in_force AS e ON e.event_id = d.event_id
LEFT JOIN shared_message AS s ON s.event_id = d.event_id AND d.linked_by = 'message_id'
WHERE s.event_id IS NULL
UNION ALL
SELECT
    d.delivery_id AS delivery_id,
    d.route_id AS route_id,
    d.logged_at AS logged_at,
    c.event_id AS event_id,
    c.signature_id AS signature_id,
    c.version_id AS version_id,
    c.person_key AS person_key,
    c.event_at AS event_at,
    CASE WHEN c.settled = 1 THEN TRUE ELSE FALSE END AS settled,
    n.candidates AS candidates
FROM delivery AS d
INNER JOIN shared_message AS s ON s.event_id = d.event_id
INNER JOIN candidate AS c ON c.group_id = s.group_id
INNER JOIN counted AS n ON n.group_id = s.group_id
WHERE d.linked_by = 'message_id'
