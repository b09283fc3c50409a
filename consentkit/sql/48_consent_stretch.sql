-- One row per subject, category and stretch of time with one value: the timeline, without repeats. It is worked out
-- whenever events are loaded and kept as the table consent_interval, which all others read. valid_from is when
-- the event that set the value happened, valid_to when the next value began (9999-12-31 for the current one);
-- previous_value is null where the category had never been collected before. Of changes that tie in event time and
-- arrival the refusal wins (RULES.md 2.4). Join it on subject_kind, subject_id, category_id and
-- valid_from <= t AND t < valid_to: each instant has at most one row.
WITH settled AS (
    SELECT
        c.subject_kind AS subject_kind,
        c.subject_id AS subject_id,
        c.category_id AS category_id,
        c.happened_at AS happened_at,
        MAX(CASE WHEN c.value = 'true' THEN 0 WHEN c.value = 'false' THEN 1 ELSE 2 END) AS verdict,
        MIN(CASE WHEN c.value = 'true' THEN c.event_id END) AS granted_by,
        MIN(CASE WHEN c.value = 'false' THEN c.event_id END) AS refused_by,
        MIN(CASE WHEN c.value = 'conflict' THEN c.event_id END) AS conflict_by,
        MIN(CASE WHEN c.value = 'true' THEN c.basis END) AS granted_basis,
        MIN(CASE WHEN c.value = 'false' THEN c.basis END) AS refused_basis
    FROM consent_change AS c
    GROUP BY c.subject_kind, c.subject_id, c.category_id, c.happened_at
),
standing AS (
    SELECT
        p.subject_kind AS subject_kind,
        p.subject_id AS subject_id,
        p.category_id AS category_id,
        p.happened_at AS happened_at,
        CASE WHEN p.verdict = 0 THEN p.granted_by WHEN p.verdict = 1 THEN p.refused_by ELSE p.conflict_by END AS event_id,
        CASE WHEN p.verdict = 0 THEN 'true' WHEN p.verdict = 1 THEN 'false' ELSE 'conflict' END AS value,
        CASE WHEN p.verdict = 0 THEN p.granted_basis WHEN p.verdict = 1 THEN p.refused_basis ELSE 'merge' END AS basis,
        p.verdict AS verdict,
        LAG(p.verdict) OVER (
            PARTITION BY p.subject_kind, p.subject_id, p.category_id ORDER BY p.happened_at
        ) AS verdict_before
    FROM settled AS p
),
bounded AS (
    SELECT
        s.subject_kind AS subject_kind,
        s.subject_id AS subject_id,
        s.category_id AS category_id,
        s.event_id AS event_id,
        s.happened_at AS happened_at,
        s.value AS value,
        s.basis AS basis,
        CASE
            WHEN s.verdict_before = 0 THEN 'true'
            WHEN s.verdict_before = 1 THEN 'false'
            WHEN s.verdict_before = 2 THEN 'conflict'
        END AS previous_value,
        LEAD(s.happened_at) OVER (
            PARTITION BY s.subject_kind, s.subject_id, s.category_id ORDER BY s.happened_at
        ) AS next_at
    FROM standing AS s
    WHERE s.verdict_before IS NULL OR s.verdict_before <> s.verdict
)
SELECT
    b.subject_kind AS subject_kind,
    b.subject_id AS subject_id,
    b.category_id AS category_id,
    b.value AS value,
    b.previous_value AS previous_value,
    b.basis AS basis,
    b.event_id AS event_id,
    b.happened_at AS valid_from,
    COALESCE(b.next_at, CAST('9999-12-31' AS DATE)) AS valid_to,
    CASE WHEN b.next_at IS NULL THEN TRUE ELSE FALSE END AS is_current
FROM bounded AS b
