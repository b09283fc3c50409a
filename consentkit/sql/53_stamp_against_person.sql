-- One row per event that names a person and whose stamp grants a category which the person's latest choice, made on
-- another device or without one, refuses or leaves in conflict (RULES.md 10, V12). Suspected only: the device
-- may not know of the other choice. The choice must hold all the time the stamp may be of: what is looked for is the last that
-- refuses until then, as a running maximum, since a join by ranges sets each event of an id against each of its choices.
-- The few events that come after a refusal of their person are found first, before each is looked at category by category.
WITH refusing AS (
    SELECT
        i.subject_id AS user_id, i.category_id AS category_id, i.event_id AS event_id, i.value AS value, i.valid_from AS valid_from,
        i.valid_to AS valid_to
    FROM consent_interval AS i
    WHERE i.subject_kind = 'person' AND i.value <> 'true'
),
spread AS (
    SELECT r.user_id AS user_id, r.category_id AS category_id, MIN(r.valid_from) AS first_from, MAX(r.valid_to) AS last_to
    FROM refusing AS r
    GROUP BY r.user_id, r.category_id
),
person AS (
    SELECT p.user_id AS user_id, MIN(p.first_from) AS first_from, MAX(p.last_to) AS last_to
    FROM spread AS p
    GROUP BY p.user_id
),
later AS (
    SELECT
        e.event_id AS event_id, e.signature_id AS signature_id, e.anonymous_id AS anonymous_id, e.user_id AS user_id,
        e.stamped_from AS since, e.stamped_to AS until
    FROM event AS e
    INNER JOIN person AS p ON p.user_id = e.user_id AND p.first_from <= e.stamped_from AND p.last_to > e.stamped_to
),
granting AS (
    SELECT
        e.event_id AS event_id, e.anonymous_id AS anonymous_id, e.user_id AS user_id, k.category_id AS category_id,
        e.since AS since, e.until AS until
    FROM later AS e
    INNER JOIN signature AS g ON g.signature_id = e.signature_id
    INNER JOIN stamp_answer AS k ON k.stamp_id = g.stamp_id
    INNER JOIN spread AS s
        ON s.user_id = e.user_id AND s.category_id = k.category_id AND s.first_from <= e.since AND s.last_to > e.until
    WHERE g.kind = 'event' AND k.granted = TRUE
),
moment AS (
    SELECT
        g.event_id AS event_id, g.anonymous_id AS anonymous_id, g.user_id AS user_id, g.category_id AS category_id, g.until AS until,
        g.since AS at, NULL AS valid_from, 1 AS place
    FROM granting AS g
    UNION ALL
    SELECT
        NULL AS event_id, NULL AS anonymous_id, r.user_id AS user_id, r.category_id AS category_id, NULL AS until,
        r.valid_from AS at, r.valid_from AS valid_from, 0 AS place
    FROM refusing AS r
    WHERE EXISTS (SELECT 1 FROM later AS e WHERE e.user_id = r.user_id)
),
looked AS (
    SELECT
        m.event_id AS event_id,
        m.anonymous_id AS anonymous_id,
        m.user_id AS user_id,
        m.category_id AS category_id,
        m.until AS until,
        MAX(m.valid_from) OVER (PARTITION BY m.user_id, m.category_id ORDER BY m.at, m.place) AS valid_from
    FROM moment AS m
)
SELECT
    k.event_id AS event_id,
    r.event_id AS preference_event_id,
    MIN(k.category_id) AS category_id,
    CASE WHEN MAX(CASE WHEN r.value = 'conflict' THEN 1 ELSE 0 END) = 1 THEN 'conflict' ELSE 'refused on another device' END AS detail
FROM looked AS k
INNER JOIN refusing AS r
    ON r.user_id = k.user_id AND r.category_id = k.category_id AND r.valid_from = k.valid_from AND r.valid_to > k.until
INNER JOIN event AS c ON c.event_id = r.event_id
WHERE k.event_id IS NOT NULL AND COALESCE(c.anonymous_id, '') <> COALESCE(k.anonymous_id, '')
GROUP BY k.event_id, r.event_id
