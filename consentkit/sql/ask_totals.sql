-- Every code once, the worst first.
SELECT t.*
FROM finding_total AS t
ORDER BY
    CASE t.severity WHEN 'critical' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END,
    t.certainty, t.code
