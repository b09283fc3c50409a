-- The remediation log, as it is handed on: the open ones first, the worst first. It names audits by their number and
-- by how far the data reached, not by the clock, so that the same data gives the same bytes.
WITH latest AS (
    SELECT r.*, row_number() OVER (
        PARTITION BY r.code, r.certainty, r.source, r.destination, r.detail ORDER BY r.audit_id DESC
    ) AS back
    FROM remediation AS r
),
state AS (
    SELECT l.code, l.certainty, l.source, l.destination, l.detail, CASE WHEN l.step = 'closed' THEN 'closed' ELSE 'open' END AS state
    FROM latest AS l
    WHERE l.back = 1
)
SELECT
    r.code, r.severity, r.title, r.certainty, r.source, r.destination, r.detail, s.state, r.audit_id AS audit, r.step, r.because,
    r.n, r.out_of, r.people, r.first_seen, r.last_seen, r.data_until
FROM remediation AS r
INNER JOIN state AS s
    ON s.code = r.code AND s.certainty = r.certainty AND s.source IS NOT DISTINCT FROM r.source
    AND s.destination IS NOT DISTINCT FROM r.destination AND s.detail IS NOT DISTINCT FROM r.detail
ORDER BY
    s.state = 'closed', CASE r.severity WHEN 'critical' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END,
    r.code, r.certainty, r.destination, r.source, r.detail, r.audit_id
