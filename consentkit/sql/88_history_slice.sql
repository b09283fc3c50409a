-- One row per check of stamps against what people chose, source, version and day. Checks: contradiction, the stamp is not
-- what the device last chose, or only possibly what its person chose elsewhere, out of the stamped events that any choice
-- stood for; unannounced, a change that no preference event tells of, out of all changes. Rules: RULES.md 10, V11 to V13.
WITH placed AS (
    SELECT g.signature_id AS signature_id, s.name AS source, g.kind AS kind, t.state AS state, t.dialect AS dialect
    FROM signature AS g
    INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = g.signature_id AND o.version_id = n.version_id
    INNER JOIN source AS s ON s.version_id = o.version_id AND s.source_id = o.source_id
),
stamped AS (
    SELECT e.event_id AS event_id, e.anonymous_id AS anonymous_id, e.user_id AS user_id, e.event_at AS event_at
    FROM event AS e
    INNER JOIN placed AS p ON p.signature_id = e.signature_id
    WHERE p.kind = 'event' AND p.state IN ('A3', 'A4') AND p.dialect = 'segment'
),
elsewhere AS (
    SELECT DISTINCT p.event_id AS event_id, p.detail AS detail
    FROM stamp_against_person AS p
),
first_choice AS (
    SELECT p.subject_kind AS subject_kind, p.subject_id AS subject_id, MIN(p.valid_from) AS first_at
    FROM preference_period AS p
    GROUP BY p.subject_kind, p.subject_id
),
asked AS (
    SELECT s.event_id AS event_id
    FROM stamped AS s
    INNER JOIN first_choice AS f ON f.subject_id = s.anonymous_id AND f.first_at <= s.event_at
    WHERE f.subject_kind = 'device'
    UNION
    SELECT s.event_id AS event_id
    FROM stamped AS s
    INNER JOIN first_choice AS f ON f.subject_id = s.user_id AND f.first_at <= s.event_at
    WHERE f.subject_kind = 'person'
    UNION
    SELECT w.event_id AS event_id
    FROM elsewhere AS w
),
part AS (
    SELECT
        'contradiction' AS code,
        a.event_id AS event_id,
        COALESCE(d.detail, w.detail) AS detail,
        CASE WHEN d.event_id IS NULL THEN 1 ELSE 0 END AS possible
    FROM asked AS a
    LEFT JOIN stamp_against_device AS d ON d.event_id = a.event_id
    LEFT JOIN elsewhere AS w ON w.event_id = a.event_id
    UNION ALL
    SELECT 'unannounced' AS code, c.event_id AS event_id, u.detail AS detail, 1 AS possible
    FROM stamp_change AS c
    LEFT JOIN unannounced_change AS u ON u.event_id = c.event_id
)
SELECT
    p.code AS code,
    x.source AS source,
    p.detail AS detail,
    e.library AS library,
    e.library_version AS library_version,
    e.app_version AS app_version,
    CAST(e.event_at AS DATE) AS day,
    COUNT(*) AS checked,
    CAST(0 AS BIGINT) AS unclear,
    COUNT(p.detail) AS failing,
    CAST(SUM(CASE WHEN p.detail IS NULL THEN 0 ELSE p.possible END) AS BIGINT) AS possible,
    MIN(CASE WHEN p.detail IS NOT NULL THEN p.event_id END) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM part AS p
INNER JOIN event AS e ON e.event_id = p.event_id
INNER JOIN placed AS x ON x.signature_id = e.signature_id
GROUP BY p.code, x.source, p.detail, e.library, e.library_version, e.app_version, CAST(e.event_at AS DATE)
