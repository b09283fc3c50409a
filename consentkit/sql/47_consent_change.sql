-- One row per subject, category and preference event that sets it, repeats included (RULES.md 2.4).
-- value: true, false, or conflict after two known people with different preferences became one.
-- basis: said; missing = the category is on the profile and the event does not name it; empty = categoryPreferences
-- names none; unreadable = its value is no boolean; all three count as refused. merge = set by becoming one person.
-- A category no event of the subject has named so far has no row: never collected. Where the choice is told by a stamp
-- alone, only what it names is set: RudderStack and other tools do not say that silence takes anything back.
-- What two people had said when they became one is looked for as a running maximum of each category: a join by ranges sets each
-- such call against each choice.
WITH subject AS (
    SELECT
        p.subject_kind AS subject_kind, p.subject_id AS subject_id, p.event_id AS event_id, p.stamp_id AS stamp_id, p.state AS state,
        p.happened_at AS happened_at, p.arrived_at AS arrived_at, p.announced AS announced
    FROM preference_subject AS p
),
profile AS (
    SELECT n.subject_kind AS subject_kind, n.subject_id AS subject_id, n.category_id AS category_id, MIN(n.happened_at) AS since
    FROM (
        SELECT s.subject_kind AS subject_kind, s.subject_id AS subject_id, k.category_id AS category_id, s.happened_at AS happened_at
        FROM subject AS s
        INNER JOIN stamp_answer AS k ON k.stamp_id = s.stamp_id
        UNION ALL
        SELECT s.subject_kind AS subject_kind, s.subject_id AS subject_id, c.category_id AS category_id, s.happened_at AS happened_at
        FROM subject AS s
        CROSS JOIN newest_version AS w
        INNER JOIN category AS c ON c.version_id = w.version_id
        WHERE s.state = 'A3' AND s.announced = TRUE AND c.enabled = TRUE
    ) AS n
    GROUP BY n.subject_kind, n.subject_id, n.category_id
),
last_arrival AS (
    SELECT
        s.subject_kind AS subject_kind,
        s.subject_id AS subject_id,
        s.happened_at AS happened_at,
        MAX(s.arrived_at) AS arrived_at
    FROM subject AS s
    GROUP BY s.subject_kind, s.subject_id, s.happened_at
),
told AS (
    SELECT
        s.subject_kind AS subject_kind,
        s.subject_id AS subject_id,
        p.category_id AS category_id,
        s.event_id AS event_id,
        s.happened_at AS happened_at,
        CASE WHEN k.granted = TRUE AND s.state <> 'A3' THEN 'true' ELSE 'false' END AS value,
        CASE
            WHEN s.state = 'A3' THEN 'empty'
            WHEN k.category_id IS NULL THEN 'missing'
            WHEN k.granted IS NULL THEN 'unreadable'
            ELSE 'said'
        END AS basis
    FROM subject AS s
    INNER JOIN last_arrival AS a
        ON a.subject_kind = s.subject_kind AND a.subject_id = s.subject_id AND a.happened_at = s.happened_at
        AND a.arrived_at = s.arrived_at
    INNER JOIN profile AS p
        ON p.subject_kind = s.subject_kind AND p.subject_id = s.subject_id AND s.happened_at >= p.since
    LEFT JOIN stamp_answer AS k ON k.stamp_id = s.stamp_id AND k.category_id = p.category_id
    WHERE s.announced = TRUE OR k.category_id IS NOT NULL
),
side AS (
    SELECT m.user_id AS user_id, m.other_id AS other_id, m.merged_at AS merged_at, m.event_id AS event_id, m.user_id AS whose, TRUE AS own
    FROM person_merge AS m
    UNION ALL
    SELECT m.user_id AS user_id, m.other_id AS other_id, m.merged_at AS merged_at, m.event_id AS event_id, m.other_id AS whose, FALSE AS own
    FROM person_merge AS m
),
asked_at AS (
    SELECT DISTINCT d.whose AS user_id, d.merged_at AS merged_at
    FROM side AS d
),
stood AS (
    SELECT t.subject_id AS user_id, t.category_id AS category_id, t.happened_at AS happened_at, MIN(t.value) AS value
    FROM told AS t
    WHERE t.subject_kind = 'person' AND EXISTS (SELECT 1 FROM asked_at AS a WHERE a.user_id = t.subject_id)
    GROUP BY t.subject_id, t.category_id, t.happened_at
),
moment AS (
    SELECT a.user_id AS user_id, c.category_id AS category_id, a.merged_at AS at, NULL AS happened_at
    FROM asked_at AS a
    INNER JOIN (SELECT DISTINCT s.user_id AS user_id, s.category_id AS category_id FROM stood AS s) AS c ON c.user_id = a.user_id
    UNION ALL
    SELECT s.user_id AS user_id, s.category_id AS category_id, s.happened_at AS at, s.happened_at AS happened_at
    FROM stood AS s
),
looked AS (
    SELECT DISTINCT
        m.user_id AS user_id,
        m.category_id AS category_id,
        m.at AS at,
        MAX(m.happened_at) OVER (PARTITION BY m.user_id, m.category_id ORDER BY m.at) AS happened_at
    FROM moment AS m
),
before AS (
    SELECT
        d.user_id AS user_id,
        d.other_id AS other_id,
        d.merged_at AS merged_at,
        d.event_id AS event_id,
        d.own AS own,
        s.category_id AS category_id,
        s.value AS value
    FROM side AS d
    INNER JOIN looked AS l ON l.user_id = d.whose AND l.at = d.merged_at
    INNER JOIN stood AS s ON s.user_id = l.user_id AND s.category_id = l.category_id AND s.happened_at = l.happened_at
),
met AS (
    SELECT
        b.user_id AS user_id,
        b.other_id AS other_id,
        b.merged_at AS merged_at,
        b.event_id AS event_id,
        b.category_id AS category_id,
        MAX(CASE WHEN b.own = TRUE THEN b.value END) AS mine,
        MAX(CASE WHEN b.own = FALSE THEN b.value END) AS theirs
    FROM before AS b
    GROUP BY b.user_id, b.other_id, b.merged_at, b.event_id, b.category_id
),
both_asked AS (
    SELECT b.user_id AS user_id, b.other_id AS other_id
    FROM before AS b
    GROUP BY b.user_id, b.other_id
    HAVING MIN(CASE WHEN b.own = TRUE THEN 1 ELSE 0 END) = 0 AND MAX(CASE WHEN b.own = TRUE THEN 1 ELSE 0 END) = 1
)
SELECT
    t.subject_kind AS subject_kind,
    t.subject_id AS subject_id,
    t.category_id AS category_id,
    t.event_id AS event_id,
    t.happened_at AS happened_at,
    t.value AS value,
    t.basis AS basis
FROM told AS t
UNION ALL
SELECT
    'person' AS subject_kind,
    x.user_id AS subject_id,
    x.category_id AS category_id,
    x.event_id AS event_id,
    x.merged_at AS happened_at,
    CASE
        WHEN o.user_id IS NULL THEN COALESCE(x.mine, x.theirs)
        WHEN COALESCE(x.mine, 'false') = COALESCE(x.theirs, 'false') THEN COALESCE(x.mine, x.theirs)
        ELSE 'conflict'
    END AS value,
    'merge' AS basis
FROM met AS x
LEFT JOIN both_asked AS o ON o.user_id = x.user_id AND o.other_id = x.other_id
