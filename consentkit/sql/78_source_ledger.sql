-- One row per source of the newest policy version, and one for the events of no declared source if there are any: its
-- events and days, the days it lacks inside its period, and those it lacks before and after while others have events.
-- A source without events has a row too: no data is not the same as nothing found.
WITH present AS (
    SELECT
        d.source_id AS source_id, COUNT(*) AS days, MIN(d.day) AS first_day, MAX(d.day) AS last_day
    FROM source_day AS d
    GROUP BY d.source_id
),
lacking AS (
    SELECT
        s.source_id AS source_id,
        SUM(CASE WHEN s.kind = 'inside' THEN s.missing ELSE 0 END) AS inside,
        MAX(CASE WHEN s.kind = 'inside' THEN s.missing ELSE 0 END) AS longest,
        SUM(CASE WHEN s.kind = 'before' THEN s.missing ELSE 0 END) AS before_first,
        SUM(CASE WHEN s.kind = 'after' THEN s.missing ELSE 0 END) AS after_last
    FROM source_silence AS s
    GROUP BY s.source_id
)
SELECT
    c.source_id AS source_id,
    c.source AS source,
    c.events AS events,
    c.undated AS undated,
    CAST(COALESCE(p.days, 0) AS BIGINT) AS days,
    p.first_day AS first_day,
    p.last_day AS last_day,
    CAST(COALESCE(l.inside, 0) AS BIGINT) AS missing_inside,
    CAST(COALESCE(l.longest, 0) AS BIGINT) AS longest_inside,
    CAST(COALESCE(l.before_first, 0) AS BIGINT) AS missing_before,
    CAST(COALESCE(l.after_last, 0) AS BIGINT) AS missing_after
FROM source_count AS c
LEFT JOIN present AS p ON p.source_id = c.source_id
LEFT JOIN lacking AS l ON l.source_id = c.source_id
WHERE c.source_id <> 0 OR c.events > 0
