-- One row per delivery record and finding it is by itself, whether its event is loaded or not.
-- Names are those of the newest policy version. The events that are told of are found first: they are few beside all that is loaded.
WITH named AS (
    SELECT
        m.route_id AS route_id,
        m.destination_id AS destination_id,
        m.status AS status,
        m.reason_means AS reason_means,
        d.known AS known
    FROM route_meaning AS m
    INNER JOIN newest_version AS n ON n.version_id = m.version_id
    INNER JOIN destination AS d ON d.version_id = m.version_id AND d.destination_id = m.destination_id
),
fault AS (
    SELECT n.route_id AS route_id, n.destination_id AS destination_id, 'V20' AS code
    FROM named AS n
    WHERE n.known = FALSE
    UNION ALL
    SELECT n.route_id AS route_id, n.destination_id AS destination_id, 'X4' AS code
    FROM named AS n
    WHERE n.status = 'unknown'
    UNION ALL
    SELECT n.route_id AS route_id, n.destination_id AS destination_id, 'X11' AS code
    FROM named AS n
    WHERE n.reason_means = 'unknown'
),
found AS (
    SELECT f.code AS code, f.destination_id AS destination_id, d.delivery_id AS delivery_id, d.event_id AS event_id, d.logged_at AS logged_at
    FROM delivery AS d
    INNER JOIN fault AS f ON f.route_id = d.route_id
),
told AS (
    SELECT e.event_id AS event_id, e.person_key AS person_key, e.event_at AS event_at
    FROM (SELECT DISTINCT d.event_id AS event_id FROM found AS d) AS f
    INNER JOIN event AS e ON e.event_id = f.event_id
)
SELECT
    f.code AS code,
    f.destination_id AS destination_id,
    f.delivery_id AS delivery_id,
    e.event_id AS event_id,
    e.person_key AS person_key,
    COALESCE(e.event_at, f.logged_at) AS seen_at
FROM found AS f
LEFT JOIN told AS e ON e.event_id = f.event_id
UNION ALL
SELECT
    'X3' AS code,
    n.destination_id AS destination_id,
    d.delivery_id AS delivery_id,
    NULL AS event_id,
    NULL AS person_key,
    d.logged_at AS seen_at
FROM delivery AS d
INNER JOIN named AS n ON n.route_id = d.route_id
WHERE d.event_id IS NULL
UNION ALL
SELECT
    'X45' AS code,
    n.destination_id AS destination_id,
    d.delivery_id AS delivery_id,
    f.event_id AS event_id,
    f.person_key AS person_key,
    COALESCE(f.event_at, d.logged_at) AS seen_at
FROM event_in_force AS f
INNER JOIN delivery AS d ON d.event_id = f.event_id
INNER JOIN named AS n ON n.route_id = d.route_id
WHERE f.version_id IS NULL AND n.status = 'delivered'
