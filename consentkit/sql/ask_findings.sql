-- Every finding, the worst first.
SELECT f.*
FROM finding AS f
ORDER BY
    CASE f.severity WHEN 'critical' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END,
    CASE WHEN f.code IN ('V5', 'V6', 'V26') THEN 1 WHEN f.code = 'V7' THEN 2 ELSE 3 END,
    f.code, f.certainty, coalesce(f.deliveries, f.events) DESC, f.destination, f.source, f.detail
