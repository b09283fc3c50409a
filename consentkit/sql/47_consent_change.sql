-- One row per subject, category and preference event that sets it, repeats included (RULES.md 2.4).
-- value: true, false, or conflict after two known people with different preferences became one.
-- basis: said; missing = the category is on the profile and the event does not name it; empty = categoryPreferences
-- names none; unreadable = its value is no boolean; all three count as refused. merge = set by becoming one person.
-- A category no event of the subject has named so far has no row: never collected. Where the choice is told by a stamp
-- alone, only what it names is set: RudderStack and other tools do not say that silence takes anything back.
-- Who became one person share their categories from then on: a choice that leaves out what the other was asked refuses it for both.
-- What two people had said when they became one is looked for as a running maximum of each category: a join by ranges sets each
-- such call against each choice.
WITH subject AS (
    SELECT
        p.subject_kind AS subject_kind, p.subject_id AS subject_id, p.event_id AS event_id, p.stamp_id AS stamp_id, p.state AS state,
        p.happened_at AS happened_at, p.arrived_at AS arrived_at, p.announced AS announced
    FROM preference_subject AS p
),
collected AS (
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
profile AS (
    SELECT b.subject_kind AS subject_kind, b.subject_id AS subject_id, b.category_id AS category_id, MIN(b.since) AS since
    FROM (
        SELECT c.subject_kind AS subject_kind, c.subject_id AS subject_id, c.category_id AS category_id, c.since AS since
        FROM collected AS c
        UNION ALL
        SELECT
            c.subject_kind AS subject_kind,
            m.user_id AS subject_id,
            c.category_id AS category_id,
            CASE WHEN c.since > m.merged_at THEN c.since ELSE m.merged_at END AS since
        FROM person_merge AS m
        INNER JOIN collected AS c ON c.subject_kind = 'person' AND c.subject_id = m.other_id
    ) AS b
    GROUP BY b.subject_kind, b.subject_id, b.category_id
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
asked AS (
    SELECT
        p.subject_id AS user_id,
        MIN(p.since) AS since,
        MIN(c.since) AS own_since
    FROM profile AS p
    LEFT JOIN collected AS c
        ON c.subject_kind = p.subject_kind AND c.subject_id = p.subject_id AND c.category_id = p.category_id
    WHERE p.subject_kind = 'person'
    GROUP BY p.subject_id
),
asked_at AS (
    SELECT DISTINCT m.user_id AS user_id, m.merged_at AS merged_at
    FROM person_merge AS m
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
    SELECT l.user_id AS user_id, l.category_id AS category_id, l.at AS at, l.happened_at AS happened_at, s.value AS value
    FROM looked AS l
    INNER JOIN stood AS s ON s.user_id = l.user_id AND s.category_id = l.category_id AND s.happened_at = l.happened_at
),
met AS (
    SELECT
        m.user_id AS user_id,
        m.merged_at AS merged_at,
        m.event_id AS event_id,
        p.category_id AS category_id,
        x.happened_at AS chosen_at,
        COALESCE(
            x.value, CASE WHEN a.own_since <= m.merged_at OR (a.since < m.merged_at AND p.since = m.merged_at) THEN 'false' END
        ) AS mine,
        COALESCE(y.value, CASE WHEN o.own_since <= m.merged_at THEN 'false' END) AS theirs
    FROM person_merge AS m
    INNER JOIN profile AS p ON p.subject_kind = 'person' AND p.subject_id = m.user_id AND p.since <= m.merged_at
    INNER JOIN asked AS a ON a.user_id = m.user_id
    LEFT JOIN asked AS o ON o.user_id = m.other_id
    LEFT JOIN before AS x ON x.user_id = m.user_id AND x.category_id = p.category_id AND x.at = m.merged_at
    LEFT JOIN before AS y ON y.user_id = m.other_id AND y.category_id = p.category_id AND y.at = m.merged_at
),
joined AS (
    SELECT
        v.user_id AS user_id,
        v.category_id AS category_id,
        v.merged_at AS merged_at,
        v.chosen_at AS chosen_at,
        MIN(v.event_id) AS event_id,
        MIN(v.value) AS least,
        MAX(v.value) AS most
    FROM (
        SELECT t.user_id AS user_id, t.category_id AS category_id, t.merged_at AS merged_at, t.chosen_at AS chosen_at, t.event_id AS event_id, t.mine AS value
        FROM met AS t
        UNION ALL
        SELECT t.user_id AS user_id, t.category_id AS category_id, t.merged_at AS merged_at, t.chosen_at AS chosen_at, t.event_id AS event_id, t.theirs AS value
        FROM met AS t
    ) AS v
    GROUP BY v.user_id, v.category_id, v.merged_at, v.chosen_at
),
-- who becomes one with a third keeps the conflict with the second until the next choice
kept AS (
    SELECT
        j.user_id AS user_id,
        j.category_id AS category_id,
        j.merged_at AS merged_at,
        j.event_id AS event_id,
        MIN(j.least) OVER (PARTITION BY j.user_id, j.category_id, j.chosen_at ORDER BY j.merged_at) AS least,
        MAX(j.most) OVER (PARTITION BY j.user_id, j.category_id, j.chosen_at ORDER BY j.merged_at) AS most
    FROM joined AS j
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
    k.user_id AS subject_id,
    k.category_id AS category_id,
    k.event_id AS event_id,
    k.merged_at AS happened_at,
    CASE WHEN k.least = k.most THEN k.least ELSE 'conflict' END AS value,
    'merge' AS basis
FROM kept AS k
WHERE k.least IS NOT NULL
