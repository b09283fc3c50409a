-- One row per event whose stamp changed with no preference event of its device or person in that time (RULES.md 10, V13).
-- Suspected only: other tabs, caches, and banners told not to send the event.
WITH change AS (
    SELECT
        c.event_id AS event_id, c.anonymous_id AS anonymous_id, c.user_id AS user_id, c.detail AS detail, c.since AS since,
        c.until AS until
    FROM stamp_change AS c
),
announced AS (
    SELECT c.event_id AS event_id
    FROM change AS c
    INNER JOIN preference_event AS p
        ON p.anonymous_id = c.anonymous_id AND p.happened_at >= c.since AND p.happened_at <= c.until
    UNION
    SELECT c.event_id AS event_id
    FROM change AS c
    INNER JOIN preference_event AS p ON p.user_id = c.user_id AND p.happened_at >= c.since AND p.happened_at <= c.until
)
SELECT c.event_id AS event_id, c.detail AS detail
FROM change AS c
LEFT JOIN announced AS a ON a.event_id = c.event_id
WHERE a.event_id IS NULL
