-- One row per person, category and stretch of time in which two choices stood against each other. cause: devices, one
-- device of the person grants what another refuses, and the latest wins; merge, two known people became one and the
-- category is in conflict until the next choice (RULES.md 2.4). first and second are a device that grants and one that
-- refuses when it begins, or the user ids. devices: how many of the person's had chosen by then.
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
edge AS (
    SELECT
        o.user_id AS user_id,
        o.category_id AS category_id,
        o.valid_from AS at,
        CASE WHEN o.value = 'true' THEN 1 ELSE 0 END AS granting,
        CASE WHEN o.value = 'true' THEN 0 ELSE 1 END AS refusing
    FROM owned AS o
    UNION ALL
    SELECT
        o.user_id AS user_id,
        o.category_id AS category_id,
        o.valid_to AS at,
        CASE WHEN o.value = 'true' THEN 0 - 1 ELSE 0 END AS granting,
        CASE WHEN o.value = 'true' THEN 0 ELSE 0 - 1 END AS refusing
    FROM owned AS o
),
step AS (
    SELECT e.user_id AS user_id, e.category_id AS category_id, e.at AS at, SUM(e.granting) AS granting, SUM(e.refusing) AS refusing
    FROM edge AS e
    GROUP BY e.user_id, e.category_id, e.at
),
standing AS (
    SELECT
        t.user_id AS user_id,
        t.category_id AS category_id,
        t.at AS at,
        SUM(t.granting) OVER (PARTITION BY t.user_id, t.category_id ORDER BY t.at) AS granting,
        SUM(t.refusing) OVER (PARTITION BY t.user_id, t.category_id ORDER BY t.at) AS refusing
    FROM step AS t
),
flagged AS (
    SELECT
        s.user_id AS user_id,
        s.category_id AS category_id,
        s.at AS at,
        s.granting + s.refusing AS devices,
        CASE WHEN s.granting > 0 AND s.refusing > 0 THEN 1 ELSE 0 END AS differ,
        LAG(CASE WHEN s.granting > 0 AND s.refusing > 0 THEN 1 ELSE 0 END) OVER (
            PARTITION BY s.user_id, s.category_id ORDER BY s.at
        ) AS differed
    FROM standing AS s
),
turned AS (
    SELECT
        f.user_id AS user_id,
        f.category_id AS category_id,
        f.at AS since,
        f.devices AS devices,
        f.differ AS differ,
        LEAD(f.at) OVER (PARTITION BY f.user_id, f.category_id ORDER BY f.at) AS until
    FROM flagged AS f
    WHERE f.differ <> COALESCE(f.differed, 0)
),
-- what each device of the person says when they begin to differ, as a running maximum of when its choices began
moment AS (
    SELECT t.user_id AS user_id, t.category_id AS category_id, d.anonymous_id AS anonymous_id, t.since AS at, NULL AS valid_from
    FROM turned AS t
    INNER JOIN (
        SELECT DISTINCT o.user_id AS user_id, o.category_id AS category_id, o.anonymous_id AS anonymous_id FROM owned AS o
    ) AS d ON d.user_id = t.user_id AND d.category_id = t.category_id
    WHERE t.differ = 1
    UNION ALL
    SELECT
        o.user_id AS user_id, o.category_id AS category_id, o.anonymous_id AS anonymous_id, o.valid_from AS at, o.valid_from AS valid_from
    FROM owned AS o
    WHERE EXISTS (SELECT 1 FROM turned AS t WHERE t.user_id = o.user_id AND t.category_id = o.category_id)
),
looked AS (
    SELECT DISTINCT
        m.user_id AS user_id,
        m.category_id AS category_id,
        m.anonymous_id AS anonymous_id,
        m.at AS at,
        MAX(m.valid_from) OVER (PARTITION BY m.user_id, m.category_id, m.anonymous_id ORDER BY m.at) AS valid_from
    FROM moment AS m
),
conflict AS (
    SELECT
        t.user_id AS user_id,
        t.category_id AS category_id,
        'devices' AS cause,
        MIN(CASE WHEN o.value = 'true' THEN o.anonymous_id END) AS first,
        MIN(CASE WHEN o.value = 'false' THEN o.anonymous_id END) AS second,
        MIN(t.devices) AS devices,
        t.since AS since,
        MIN(t.until) AS until
    FROM turned AS t
    INNER JOIN looked AS l ON l.user_id = t.user_id AND l.category_id = t.category_id AND l.at = t.since
    INNER JOIN owned AS o
        ON o.user_id = l.user_id AND o.category_id = l.category_id AND o.anonymous_id = l.anonymous_id
        AND o.valid_from = l.valid_from AND o.valid_to > t.since
    WHERE t.differ = 1
    GROUP BY t.user_id, t.category_id, t.since
    UNION ALL
    SELECT
        i.subject_id AS user_id,
        i.category_id AS category_id,
        'merge' AS cause,
        i.subject_id AS first,
        m.other_id AS second,
        NULL AS devices,
        i.valid_from AS since,
        i.valid_to AS until
    FROM consent_interval AS i
    INNER JOIN person_merge AS m ON m.user_id = i.subject_id AND m.event_id = i.event_id
    WHERE i.subject_kind = 'person' AND i.value = 'conflict'
),
-- what was delivered in that time, as the difference of two running counts; not what may be of another event of its message id
sent AS (
    SELECT c.user_id AS user_id, c.category_id AS category_id, s.event_at AS at, COUNT(DISTINCT q.delivery_id) AS deliveries, 1 AS place
    FROM (SELECT DISTINCT x.user_id AS user_id, x.category_id AS category_id FROM conflict AS x) AS c
    INNER JOIN event_subject AS s ON s.subject_id = c.user_id
    INNER JOIN event_record AS q ON q.event_id = s.event_id AND q.sure = TRUE
    CROSS JOIN newest_version AS n
    INNER JOIN route_meaning AS m ON m.route_id = q.route_id AND m.version_id = n.version_id
    INNER JOIN destination_category AS r
        ON r.version_id = n.version_id AND r.destination_id = m.destination_id AND r.category_id = c.category_id
    WHERE s.subject_kind = 'person' AND m.status = 'delivered' AND s.event_at IS NOT NULL
    GROUP BY c.user_id, c.category_id, s.event_at
),
counting AS (
    SELECT s.user_id AS user_id, s.category_id AS category_id, s.at AS at, s.deliveries AS deliveries, s.place AS place
    FROM sent AS s
    UNION ALL
    SELECT c.user_id AS user_id, c.category_id AS category_id, c.since AS at, 0 AS deliveries, 0 AS place
    FROM conflict AS c
    UNION ALL
    SELECT c.user_id AS user_id, c.category_id AS category_id, c.until AS at, 0 AS deliveries, 0 AS place
    FROM conflict AS c
),
running AS (
    SELECT
        k.user_id AS user_id,
        k.category_id AS category_id,
        k.at AS at,
        k.place AS place,
        SUM(k.deliveries) OVER (PARTITION BY k.user_id, k.category_id ORDER BY k.at, k.place) AS deliveries
    FROM counting AS k
),
edge_count AS (
    SELECT DISTINCT u.user_id AS user_id, u.category_id AS category_id, u.at AS at, u.deliveries AS deliveries
    FROM running AS u
    WHERE u.place = 0
)
SELECT
    c.user_id AS user_id,
    c.category_id AS category_id,
    c.cause AS cause,
    c.first AS first,
    c.second AS second,
    CAST(c.devices AS BIGINT) AS devices,
    c.since AS since,
    c.until AS until,
    CASE WHEN c.until = CAST('9999-12-31' AS DATE) THEN TRUE ELSE FALSE END AS is_current,
    CAST(z.deliveries - a.deliveries AS BIGINT) AS deliveries
FROM conflict AS c
INNER JOIN edge_count AS a ON a.user_id = c.user_id AND a.category_id = c.category_id AND a.at = c.since
INNER JOIN edge_count AS z ON z.user_id = c.user_id AND z.category_id = c.category_id AND z.at = c.until
