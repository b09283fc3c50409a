-- One row per period ($1: day, week or month), kind of change and category: choices that made it, and people. A row without
-- category counts a choice once, however many categories it changes. A device that belongs to one person is left out.
SELECT
    CAST(date_trunc($1, c.valid_from) AS DATE) AS period,
    c.change,
    c.category_id AS category,
    count(DISTINCT (c.subject_kind, c.subject_id, c.event_id)) AS choices,
    count(DISTINCT (c.subject_kind, c.subject_id)) AS people
FROM (
    SELECT
        i.*,
        CASE
            WHEN i.value = 'conflict' THEN 'in conflict'
            WHEN i.previous_value IS NULL THEN CASE WHEN i.value = 'true' THEN 'first granted' ELSE 'first refused' END
            WHEN i.value = 'true' THEN 'granted later'
            ELSE 'withdrawn'
        END AS change
    FROM consent_interval AS i
    LEFT JOIN device_person AS u ON u.anonymous_id = i.subject_id AND u.users = 1 AND i.subject_kind = 'device'
    WHERE u.anonymous_id IS NULL
) AS c
GROUP BY GROUPING SETS ((1, c.change), (1, c.change, c.category_id))
ORDER BY ALL
