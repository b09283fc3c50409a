-- One row per subject and stretch of time in which one preference event was its latest: what a stamp must agree with.
-- What stamps alone tell is left out: they agree with themselves. By event time, then arrival; of two that tie in both, the one that grants less counts, and nothing depends on the
-- order of loading (RULES.md 2.4).
WITH placed AS (
    SELECT
        s.subject_kind AS subject_kind,
        s.subject_id AS subject_id,
        s.event_id AS event_id,
        s.stamp_id AS stamp_id,
        s.happened_at AS happened_at,
        LEAD(s.happened_at) OVER (
            PARTITION BY s.subject_kind, s.subject_id
            ORDER BY s.happened_at, s.arrived_at, COALESCE(t.granted, 0) DESC, s.payload_key, s.event_id
        ) AS next_at
    FROM preference_subject AS s
    LEFT JOIN stamp_total AS t ON t.stamp_id = s.stamp_id
    WHERE s.announced = TRUE
)
SELECT
    p.subject_kind AS subject_kind,
    p.subject_id AS subject_id,
    p.event_id AS event_id,
    p.stamp_id AS stamp_id,
    p.happened_at AS valid_from,
    COALESCE(p.next_at, CAST('9999-12-31' AS DATE)) AS valid_to,
    CASE WHEN p.next_at IS NULL THEN TRUE ELSE FALSE END AS is_current
FROM placed AS p
WHERE p.next_at IS NULL OR p.next_at > p.happened_at
