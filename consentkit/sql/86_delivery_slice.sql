-- One row per check of delivery records and where: how many there are that it is about, how many of them the rules cannot
-- judge, how many fail, how much of that is only possible. The check is the code of its finding.
-- Against consent only a delivery can be held whose event says something of what its destination needs; of one to a destination
-- the policy does not know, or of a time in which no version was in force, nobody can tell.
WITH part AS (
    SELECT
        k.code AS code, t.destination AS destination, t.source AS source, t.library AS library,
        t.library_version AS library_version, t.app_version AS app_version, t.day AS day,
        CASE
            WHEN k.code IN ('V5', 'V6', 'V26', 'X33') THEN t.delivered_held + t.delivered_consent_unclear
            WHEN k.code = 'V18' THEN CASE WHEN t.judged = TRUE THEN t.delivered_free ELSE t.delivered_stamped END
            WHEN k.code IN ('V7', 'V1E', 'V19', 'X7', 'X8', 'X45') THEN t.delivered_linked
            WHEN k.code = 'V8' THEN t.filtered_for_consent
            WHEN k.code = 'V10' THEN t.filtered_linked
            ELSE t.records
        END AS checked,
        CASE
            WHEN k.code IN ('V5', 'V6', 'V26', 'X33') THEN t.delivered_consent_unclear
            WHEN k.code = 'V7' THEN t.delivered_integrations_unclear
            WHEN t.judged = TRUE THEN 0
            WHEN k.code = 'V18' THEN t.delivered_stamped
            WHEN k.code IN ('V1E', 'V19', 'X7') THEN t.delivered_linked
            WHEN k.code = 'V8' THEN t.filtered_for_consent
            WHEN k.code = 'V10' THEN t.filtered_linked
            ELSE 0
        END AS unclear,
        0 AS failing, 0 AS possible,
        CAST(NULL AS BIGINT) AS sample_event_id, CAST(NULL AS BIGINT) AS sample_delivery_id
    FROM delivery_tally AS t
    CROSS JOIN finding_code AS k
    WHERE k.code IN ('V5', 'V6', 'V26', 'X33', 'V7', 'V8', 'V10', 'V18', 'V19', 'V1E', 'V20', 'X3', 'X4', 'X7', 'X8', 'X11', 'X45')
    UNION ALL
    SELECT
        f.code AS code, f.destination AS destination, f.source AS source, f.library AS library,
        f.library_version AS library_version, f.app_version AS app_version, f.day AS day,
        0 AS checked, 0 AS unclear, f.found AS failing, f.possible AS possible,
        f.sample_event_id AS sample_event_id, f.sample_delivery_id AS sample_delivery_id
    FROM finding_tally AS f
    WHERE f.code IN ('V5', 'V6', 'V26', 'X33', 'V7', 'V8', 'V10', 'V18', 'V19', 'V1E', 'V20', 'X3', 'X4', 'X7', 'X8', 'X11', 'X45')
)
SELECT
    p.code AS code,
    p.destination AS destination,
    p.source AS source,
    p.library AS library,
    p.library_version AS library_version,
    p.app_version AS app_version,
    p.day AS day,
    CAST(SUM(p.checked) AS BIGINT) AS checked,
    CAST(SUM(p.unclear) AS BIGINT) AS unclear,
    CAST(SUM(p.failing) AS BIGINT) AS failing,
    CAST(SUM(p.possible) AS BIGINT) AS possible,
    MIN(p.sample_event_id) AS sample_event_id,
    MIN(p.sample_delivery_id) AS sample_delivery_id
FROM part AS p
GROUP BY p.code, p.destination, p.source, p.library, p.library_version, p.app_version, p.day
