-- One row per check of the categories in consent objects, source and category. Checks: V4 and V4C, names the
-- policy does not know, out of all times a category is named; unstamped, categories of the policy that a
-- consent object of a stamping source leaves out, out of the objects that name any. At RudderStack the object is
-- consentManagement, and it must list, allowed or denied, what its provider's settings for the source name.
WITH counted AS (
    SELECT e.signature_id AS signature_id, COUNT(*) AS events
    FROM event AS e
    GROUP BY e.signature_id
),
object AS (
    SELECT
        s.name AS source, s.stamps_consent AS stamps_consent, s.version_id AS version_id,
        s.source_id AS source_id, g.stamp_id AS stamp_id, t.provider AS provider, a.dialect AS dialect, SUM(c.events) AS events
    FROM counted AS c
    INNER JOIN signature AS g ON g.signature_id = c.signature_id
    INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_point AS o ON o.signature_id = g.signature_id AND o.version_id = n.version_id
    INNER JOIN source AS s ON s.version_id = o.version_id AND s.source_id = o.source_id
    INNER JOIN (SELECT DISTINCT w.stamp_id AS stamp_id, w.dialect AS dialect FROM stamp_said AS w) AS a
        ON a.stamp_id = g.stamp_id
        AND a.dialect = CASE WHEN o.point IN ('rudder-server', 'rudder-js') THEN 'rudderstack' ELSE 'segment' END
    GROUP BY s.name, s.stamps_consent, s.version_id, s.source_id, g.stamp_id, t.provider, a.dialect
),
part AS (
    SELECT
        k.code AS code, b.source AS source, q.category_id AS detail, b.events AS checked, 0 AS failing,
        CAST(NULL AS BIGINT) AS sample_event_id
    FROM object AS b
    INNER JOIN stamp_said AS q ON q.stamp_id = b.stamp_id AND q.dialect = b.dialect
    CROSS JOIN finding_code AS k
    WHERE k.code IN ('V4', 'V4C')
    UNION ALL
    SELECT
        f.code AS code, f.source AS source, f.detail AS detail, 0 AS checked, f.found AS failing,
        f.sample_event_id AS sample_event_id
    FROM finding_tally AS f
    WHERE f.code IN ('V4', 'V4C')
    UNION ALL
    SELECT
        'unstamped' AS code, b.source AS source, y.category_id AS detail, b.events AS checked,
        CASE WHEN q.category_id IS NULL THEN b.events ELSE 0 END AS failing,
        CAST(NULL AS BIGINT) AS sample_event_id
    FROM object AS b
    INNER JOIN category AS y ON y.version_id = b.version_id
    LEFT JOIN stamp_category AS q ON q.stamp_id = b.stamp_id AND q.category_id = y.category_id
    WHERE y.enabled = TRUE AND b.stamps_consent = TRUE AND b.dialect = 'segment'
    UNION ALL
    SELECT
        'unstamped' AS code, b.source AS source, y.category_id AS detail, b.events AS checked,
        CASE WHEN q.category_id IS NULL THEN b.events ELSE 0 END AS failing,
        CAST(NULL AS BIGINT) AS sample_event_id
    FROM object AS b
    INNER JOIN (
        SELECT
            e.version_id AS version_id, e.source_id AS source_id, e.provider AS provider, e.category_id AS category_id,
            MAX(CASE WHEN e.legacy = TRUE THEN 1 ELSE 0 END) AS legacy
        FROM consent_setting AS e
        GROUP BY e.version_id, e.source_id, e.provider, e.category_id
    ) AS y
        ON y.version_id = b.version_id AND y.source_id = b.source_id
        AND (y.provider = b.provider OR (y.legacy = 1 AND b.provider = ''))
    LEFT JOIN stamp_said AS q ON q.stamp_id = b.stamp_id AND q.dialect = 'rudderstack' AND q.category_id = y.category_id
    WHERE b.stamps_consent = TRUE AND b.dialect = 'rudderstack'
)
SELECT
    p.code AS code,
    p.source AS source,
    p.detail AS detail,
    CAST(SUM(p.checked) AS BIGINT) AS checked,
    CAST(0 AS BIGINT) AS unclear,
    CAST(SUM(p.failing) AS BIGINT) AS failing,
    CAST(0 AS BIGINT) AS possible,
    MIN(p.sample_event_id) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM part AS p
GROUP BY p.code, p.source, p.detail
