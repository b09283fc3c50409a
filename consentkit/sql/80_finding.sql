-- One row per finding: code, certainty and the destination or source it is about, with counts of delivery
-- records, events and people, the number they are out of, and when it was first and last seen.
-- Deliveries are out of those that were delivered to the destination; V8 out of its records filtered for consent, V10 of all
-- that were filtered, V20, X3, X4 and X11 of all its records.
-- A number is out of null where a name of an older policy version cannot be counted under the newest.
-- One that tells of events has no deliveries, also where it is about a destination (X37, X38, X44).
-- people counts distinct user ids, else anonymous ids; unnamed_events are events with neither.
WITH counted AS (
    SELECT
        r.code AS code,
        r.certainty AS certainty,
        r.source_id AS source_id,
        r.destination_id AS destination_id,
        r.detail AS detail,
        COUNT(r.delivery_id) AS deliveries,
        COUNT(DISTINCT r.event_id) AS events,
        COUNT(DISTINCT r.person_key) AS people,
        COUNT(DISTINCT CASE WHEN r.person_key IS NULL THEN r.event_id END) AS unnamed_events,
        MIN(r.seen_at) AS first_seen,
        MAX(r.seen_at) AS last_seen
    FROM finding_any AS r
    GROUP BY r.code, r.certainty, r.source_id, r.destination_id, r.detail
),
ledger AS (
    SELECT
        c.code AS code, NULL AS source, c.detail AS detail, c.n AS n, c.out_of AS out_of,
        c.first_seen AS first_seen, c.last_seen AS last_seen
    FROM finding_completeness AS c
    UNION ALL
    SELECT
        s.code AS code, s.source AS source, s.detail AS detail, s.n AS n, s.out_of AS out_of,
        s.first_seen AS first_seen, s.last_seen AS last_seen
    FROM finding_silence AS s
)
SELECT
    c.code AS code,
    k.severity AS severity,
    c.certainty AS certainty,
    k.title AS title,
    n.name AS source,
    t.name AS destination,
    c.detail AS detail,
    CASE WHEN c.destination_id IS NOT NULL AND c.deliveries > 0 THEN c.deliveries END AS deliveries,
    CASE
        WHEN c.destination_id IS NULL OR c.deliveries = 0 THEN NULL
        WHEN c.code = 'V8' THEN CASE WHEN d.filtered_for_consent >= c.deliveries THEN d.filtered_for_consent END
        WHEN c.code = 'V10' THEN CASE WHEN d.filtered >= c.deliveries THEN d.filtered END
        WHEN c.code IN ('V20', 'X3', 'X4', 'X11') THEN CASE WHEN d.records >= c.deliveries THEN d.records END
        WHEN d.delivered >= c.deliveries THEN d.delivered
    END AS of_deliveries,
    c.events AS events,
    CASE WHEN s.events >= c.events THEN s.events END AS of_events,
    c.people AS people,
    c.unnamed_events AS unnamed_events,
    c.first_seen AS first_seen,
    c.last_seen AS last_seen,
    k.advice AS advice,
    k.source AS rule
FROM counted AS c
INNER JOIN finding_code AS k ON k.code = c.code
LEFT JOIN destination_called AS t ON t.destination_id = c.destination_id
LEFT JOIN source_called AS n ON n.source_id = c.source_id
LEFT JOIN destination_count AS d ON d.destination_id = c.destination_id
LEFT JOIN source_count AS s ON s.source_id = c.source_id
UNION ALL
SELECT
    f.code AS code,
    k.severity AS severity,
    'certain' AS certainty,
    k.title AS title,
    f.source AS source,
    NULL AS destination,
    f.detail AS detail,
    NULL AS deliveries,
    NULL AS of_deliveries,
    f.n AS events,
    f.out_of AS of_events,
    NULL AS people,
    NULL AS unnamed_events,
    f.first_seen AS first_seen,
    f.last_seen AS last_seen,
    k.advice AS advice,
    k.source AS rule
FROM ledger AS f
INNER JOIN finding_code AS k ON k.code = f.code
UNION ALL
SELECT
    f.code AS code,
    k.severity AS severity,
    f.certainty AS certainty,
    k.title AS title,
    NULL AS source,
    f.destination AS destination,
    CAST(NULL AS VARCHAR) AS detail,
    CAST(SUM(f.n) AS BIGINT) AS deliveries,
    CAST(SUM(f.out_of) AS BIGINT) AS of_deliveries,
    NULL AS events,
    NULL AS of_events,
    NULL AS people,
    NULL AS unnamed_events,
    MIN(f.day) AS first_seen,
    MAX(f.day) AS last_seen,
    k.advice AS advice,
    k.source AS rule
FROM finding_count AS f
INNER JOIN finding_code AS k ON k.code = f.code
GROUP BY f.code, k.severity, f.certainty, k.title, f.destination, k.advice, k.source
