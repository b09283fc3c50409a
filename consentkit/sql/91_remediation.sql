-- For people: one row per finding and audit of this database in which it was opened, closed or reopened.
-- It is opened by the audit that first has it. It is closed by an audit that does not have it any more, or that looked
-- at more of the same (its number is out of more than before) and found not one more. It is reopened when there
-- are more again. An audit that looked at nothing more leaves it as it is: what was not looked at is not mended.
-- because also says where the audit before went by another policy: then it may be the rule that is gone, not the fault.
WITH named AS (
    SELECT DISTINCT f.code, f.certainty, f.source, f.destination, f.detail FROM audit_finding AS f
),
numbered AS (
    SELECT
        k.*, a.audit_id, a.audited_at, a.last_event, a.policy <> lag(a.policy) OVER past AS by_another,
        coalesce(f.n, 0) AS n, f.out_of, f.people, f.first_seen, f.last_seen,
        coalesce(lag(coalesce(f.n, 0)) OVER past, 0) AS n_before, lag(f.out_of) OVER past AS out_of_before
    FROM named AS k
    CROSS JOIN audit AS a
    LEFT JOIN audit_finding AS f
        ON f.audit_id = a.audit_id AND f.code = k.code AND f.certainty = k.certainty
        AND f.source IS NOT DISTINCT FROM k.source AND f.destination IS NOT DISTINCT FROM k.destination
        AND f.detail IS NOT DISTINCT FROM k.detail
    WINDOW past AS (PARTITION BY k.code, k.certainty, k.source, k.destination, k.detail ORDER BY a.audit_id)
),
told AS (
    SELECT
        s.*,
        CASE
            WHEN s.n > s.n_before THEN 'opened'
            WHEN s.n = 0 AND s.n_before > 0 THEN 'closed'
            WHEN s.n > 0 AND s.out_of > s.out_of_before THEN 'closed'
        END AS step
    FROM numbered AS s
),
turned AS (
    SELECT t.*, lag(t.step) OVER (PARTITION BY t.code, t.certainty, t.source, t.destination, t.detail ORDER BY t.audit_id) AS step_before
    FROM told AS t
    WHERE t.step IS NOT NULL
)
SELECT
    t.code, c.severity, c.title, t.certainty, t.source, t.destination, t.detail, t.audit_id,
    CASE WHEN t.step = 'opened' AND t.step_before = 'closed' THEN 'reopened' ELSE t.step END AS step,
    nullif(concat_ws(
        ', ',
        CASE WHEN t.step = 'opened' THEN NULL WHEN t.n = 0 THEN 'not found any more' ELSE 'more was checked, no more was found' END,
        CASE WHEN t.by_another THEN 'by another policy than before' END
    ), '') AS because,
    t.n, t.out_of, t.people, t.first_seen, t.last_seen, t.last_event AS data_until, t.audited_at
FROM turned AS t
INNER JOIN finding_code AS c ON c.code = t.code
WHERE t.step IS DISTINCT FROM t.step_before
