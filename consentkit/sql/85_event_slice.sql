-- One row per check of events and where: how many events were checked, how many fail, how much of that is only
-- possible. The check is the code of its finding. What an expectation on events reads.
WITH part AS (
    SELECT
        k.code AS code, t.source AS source, CAST(NULL AS VARCHAR) AS detail, t.library AS library,
        t.library_version AS library_version, t.app_version AS app_version, t.day AS day,
        CASE
            WHEN k.code = 'V1' THEN t.must_carry
            WHEN k.code IN ('V2', 'V3', 'V3L', 'V28') THEN t.stamped
            WHEN k.code IN ('V16', 'V17') THEN t.preference_events
            ELSE t.events
        END AS checked,
        CASE WHEN k.code = 'X10' AND t.day IS NULL THEN t.events ELSE 0 END AS failing,
        0 AS possible,
        CAST(NULL AS BIGINT) AS sample_event_id
    FROM event_tally AS t
    CROSS JOIN finding_code AS k
    WHERE k.code IN ('V1', 'V2', 'V3', 'V3L', 'V28', 'V16', 'V17', 'X5', 'X10')
    UNION ALL
    SELECT
        f.code AS code, f.source AS source, f.detail AS detail, f.library AS library,
        f.library_version AS library_version, f.app_version AS app_version, f.day AS day,
        0 AS checked, f.found AS failing, f.possible AS possible, f.sample_event_id AS sample_event_id
    FROM finding_tally AS f
    WHERE f.code IN ('V1', 'V2', 'V3', 'V3L', 'V28', 'V16', 'V17', 'X5')
)
SELECT
    p.code AS code,
    p.source AS source,
    p.detail AS detail,
    p.library AS library,
    p.library_version AS library_version,
    p.app_version AS app_version,
    p.day AS day,
    CAST(SUM(p.checked) AS BIGINT) AS checked,
    CAST(0 AS BIGINT) AS unclear,
    CAST(SUM(p.failing) AS BIGINT) AS failing,
    CAST(SUM(p.possible) AS BIGINT) AS possible,
    MIN(p.sample_event_id) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM part AS p
GROUP BY p.code, p.source, p.detail, p.library, p.library_version, p.app_version, p.day
