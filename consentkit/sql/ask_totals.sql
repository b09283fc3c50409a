-- Every code once, the worst first.
SELECT t.*
FROM finding_total AS t
ORDER BY
    CASE t.severity WHEN 'critical' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END,
    CASE WHEN t.code IN ('V5', 'V6', 'V26') THEN 1 WHEN t.code = 'V7' THEN 2 ELSE 3 END,
    t.certainty, t.code
