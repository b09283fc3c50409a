-- One row per event whose stamp changed with no preference event of its device or person in that time (RULES.md 10, V13).
-- Suspected only: other tabs, caches, and banners told not to send the event. Looked for is the last preference event until
-- the change: a running maximum costs an id of a hundred thousand choices a sort, a join by ranges each choice with each change.
WITH change AS (
    SELECT
        c.event_id AS event_id, c.anonymous_id AS anonymous_id, c.user_id AS user_id, c.detail AS detail, c.since AS since,
        c.until AS until
    FROM stamp_change AS c
),
asking AS (
    SELECT c.event_id AS event_id, 'device' AS subject_kind, c.anonymous_id AS subject_id, c.since AS since, c.until AS until
    FROM change AS c
    WHERE c.anonymous_id IS NOT NULL
    UNION ALL
    SELECT c.event_id AS event_id, 'person' AS subject_kind, c.user_id AS subject_id, c.since AS since, c.until AS until
    FROM change AS c
    WHERE c.user_id IS NOT NULL
),
moment AS (
    SELECT
        a.event_id AS event_id, a.subject_kind AS subject_kind, a.subject_id AS subject_id, a.since AS since, a.until AS at,
        NULL AS announced_at, 1 AS place
    FROM asking AS a
    UNION ALL
    SELECT
        NULL AS event_id, 'device' AS subject_kind, p.anonymous_id AS subject_id, NULL AS since, p.happened_at AS at,
        p.happened_at AS announced_at, 0 AS place
    FROM preference_event AS p
    WHERE p.happened_at IS NOT NULL AND EXISTS (SELECT 1 FROM change AS c WHERE c.anonymous_id = p.anonymous_id)
    UNION ALL
    SELECT
        NULL AS event_id, 'person' AS subject_kind, p.user_id AS subject_id, NULL AS since, p.happened_at AS at,
        p.happened_at AS announced_at, 0 AS place
    FROM preference_event AS p
    WHERE p.happened_at IS NOT NULL AND EXISTS (SELECT 1 FROM change AS c WHERE c.user_id = p.user_id)
),
looked AS (
    SELECT
        m.event_id AS event_id,
        m.since AS since,
        MAX(m.announced_at) OVER (PARTITION BY m.subject_kind, m.subject_id ORDER BY m.at, m.place) AS last_at
    FROM moment AS m
),
announced AS (
    SELECT DISTINCT k.event_id AS event_id
    FROM looked AS k
    WHERE k.last_at >= k.since
)
SELECT c.event_id AS event_id, c.detail AS detail
FROM change AS c
LEFT JOIN announced AS a ON a.event_id = c.event_id
WHERE a.event_id IS NULL
