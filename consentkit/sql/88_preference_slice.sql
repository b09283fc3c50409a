-- One row per check of preference events, source, version and day. Checks: person, it names nobody; object, it
-- carries no consent object that names a category, Segment's or RudderStack's. Rules: RULES.md 2.3.
WITH judged AS (
    SELECT
        g.signature_id AS signature_id,
        s.name AS source,
        CASE WHEN t.state = 'A4' OR r.stamp_id IS NOT NULL THEN 0 ELSE 1 END AS without_object
    FROM signature AS g
    INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id
    LEFT JOIN (SELECT DISTINCT k.stamp_id AS stamp_id FROM stamp_listed AS k) AS r ON r.stamp_id = g.stamp_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = g.signature_id AND o.version_id = n.version_id
    INNER JOIN source AS s ON s.version_id = o.version_id AND s.source_id = o.source_id
    WHERE g.kind <> 'event'
),
part AS (
    SELECT
        'person' AS code, j.source AS source, e.library AS library, e.library_version AS library_version,
        e.app_version AS app_version, CAST(e.event_at AS DATE) AS day, e.event_id AS event_id,
        CASE WHEN e.person_key IS NULL THEN 1 ELSE 0 END AS failing
    FROM event AS e
    INNER JOIN judged AS j ON j.signature_id = e.signature_id
    UNION ALL
    SELECT
        'object' AS code, j.source AS source, e.library AS library, e.library_version AS library_version,
        e.app_version AS app_version, CAST(e.event_at AS DATE) AS day, e.event_id AS event_id,
        j.without_object AS failing
    FROM event AS e
    INNER JOIN judged AS j ON j.signature_id = e.signature_id
)
SELECT
    p.code AS code,
    p.source AS source,
    p.library AS library,
    p.library_version AS library_version,
    p.app_version AS app_version,
    p.day AS day,
    COUNT(*) AS checked,
    CAST(0 AS BIGINT) AS unclear,
    CAST(SUM(p.failing) AS BIGINT) AS failing,
    CAST(0 AS BIGINT) AS possible,
    MIN(CASE WHEN p.failing = 1 THEN p.event_id END) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM part AS p
GROUP BY p.code, p.source, p.library, p.library_version, p.app_version, p.day
