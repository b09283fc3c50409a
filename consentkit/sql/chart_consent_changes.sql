-- One row per period ($1: day, week or month), kind of change and category: choices that made it, and people; by_stamp: of
-- those choices, how many take back what only the stamps of earlier events had granted. A row without category counts a choice
-- once, however many categories it changes. A device that belongs to one person is left out.
SELECT
    CAST(date_trunc($1, c.valid_from) AS DATE) AS period,
    c.change,
    c.category_id AS category,
    count(DISTINCT (c.subject_kind, c.subject_id, c.event_id)) AS choices,
    count(DISTINCT (c.subject_kind, c.subject_id)) AS people,
    count(DISTINCT (c.subject_kind, c.subject_id, c.event_id)) FILTER (c.by_stamp) AS by_stamp
FROM (
    SELECT
        i.*,
        g.event_id IS NOT NULL AND NOT bool_or(i.previous_value IS NOT NULL AND i.value = 'false')
            OVER (PARTITION BY i.subject_kind, i.subject_id, i.event_id) AS by_stamp,
        CASE
            WHEN i.value = 'conflict' THEN 'in conflict'
            WHEN g.event_id IS NOT NULL THEN 'withdrawn'
            WHEN i.previous_value IS NULL THEN CASE WHEN i.value = 'true' THEN 'first granted' ELSE 'first refused' END
            WHEN i.value = 'true' THEN 'granted later'
            ELSE 'withdrawn'
        END AS change
    FROM consent_interval AS i
    LEFT JOIN device_person AS u ON u.anonymous_id = i.subject_id AND u.users = 1 AND i.subject_kind = 'device'
    LEFT JOIN refusal_of_grant AS g
        ON g.subject_kind = i.subject_kind AND g.subject_id = i.subject_id AND g.category_id = i.category_id AND g.event_id = i.event_id
    WHERE u.anonymous_id IS NULL
) AS c
GROUP BY GROUPING SETS ((1, c.change), (1, c.change, c.category_id))
ORDER BY ALL
