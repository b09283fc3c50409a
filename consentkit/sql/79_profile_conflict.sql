-- One row per person, category and stretch of time in which two choices stood against each other. cause: devices, two
-- devices of the person say different things, and the latest wins; merge, two known people became one and the category
-- is in conflict until the next choice (RULES.md 2.4). first and second are the devices, or the user ids.
-- deliveries: what was delivered in that time of the person's events to destinations that need the category.
WITH owned AS (
    SELECT
        d.user_id AS user_id,
        i.subject_id AS anonymous_id,
        i.category_id AS category_id,
        i.value AS value,
        i.valid_from AS valid_from,
        i.valid_to AS valid_to
    FROM consent_interval AS i
    INNER JOIN device_person AS d ON d.anonymous_id = i.subject_id
    WHERE i.subject_kind = 'device' AND d.users = 1
),
conflict AS (
    SELECT
        a.user_id AS user_id,
        a.category_id AS category_id,
        'devices' AS cause,
        a.anonymous_id AS first,
        b.anonymous_id AS second,
        CASE WHEN a.valid_from >= b.valid_from THEN a.valid_from ELSE b.valid_from END AS since,
        CASE WHEN a.valid_to <= b.valid_to THEN a.valid_to ELSE b.valid_to END AS until
    FROM owned AS a
    INNER JOIN owned AS b ON b.user_id = a.user_id AND b.category_id = a.category_id
    WHERE a.anonymous_id < b.anonymous_id AND a.value <> b.value AND a.valid_from < b.valid_to AND b.valid_from < a.valid_to
    UNION ALL
    SELECT
        i.subject_id AS user_id,
        i.category_id AS category_id,
        'merge' AS cause,
        i.subject_id AS first,
        m.other_id AS second,
        i.valid_from AS since,
        i.valid_to AS until
    FROM consent_interval AS i
    INNER JOIN person_merge AS m ON m.user_id = i.subject_id AND m.event_id = i.event_id
    WHERE i.subject_kind = 'person' AND i.value = 'conflict'
),
sent AS (
    SELECT
        c.user_id AS user_id, c.category_id AS category_id, c.cause AS cause, c.first AS first, c.second AS second,
        c.since AS since, COUNT(DISTINCT q.delivery_id) AS deliveries
    FROM conflict AS c
    INNER JOIN event_subject AS s ON s.subject_id = c.user_id
    INNER JOIN event AS e ON e.event_id = s.event_id AND e.event_at >= c.since AND e.event_at < c.until
    INNER JOIN delivery AS q ON q.event_id = e.event_id
    CROSS JOIN newest_version AS n
    INNER JOIN route_meaning AS m ON m.route_id = q.route_id AND m.version_id = n.version_id
    INNER JOIN requirement AS r
        ON r.version_id = n.version_id AND r.destination_id = m.destination_id AND r.category_id = c.category_id
    WHERE s.subject_kind = 'person' AND m.status = 'delivered'
    GROUP BY c.user_id, c.category_id, c.cause, c.first, c.second, c.since
)
SELECT
    c.user_id AS user_id,
    c.category_id AS category_id,
    c.cause AS cause,
    c.first AS first,
    c.second AS second,
    c.since AS since,
    c.until AS until,
    CASE WHEN c.until = CAST('9999-12-31' AS DATE) THEN TRUE ELSE FALSE END AS is_current,
    COALESCE(s.deliveries, 0) AS deliveries
FROM conflict AS c
LEFT JOIN sent AS s
    ON s.user_id = c.user_id AND s.category_id = c.category_id AND s.cause = c.cause AND s.first = c.first
    AND s.second = c.second AND s.since = c.since
