-- One row per consent stamp and destination: how many categories the destination needs, and how many of
-- them the stamp grants (truthy: as JavaScript reads it), refuses, leaves unclear (a value that is not boolean, or twice: two values that
-- differ) and does not name.
SELECT
    s.stamp_id AS stamp_id,
    d.version_id AS version_id,
    d.destination_id AS destination_id,
    COUNT(r.category_id) AS needed,
    SUM(CASE WHEN k.granted = TRUE THEN 1 ELSE 0 END) AS granted,
    SUM(CASE WHEN k.truthy = TRUE THEN 1 ELSE 0 END) AS truthy,
    SUM(CASE WHEN k.granted = FALSE THEN 1 ELSE 0 END) AS refused,
    SUM(CASE WHEN k.category_id IS NOT NULL AND k.granted IS NULL THEN 1 ELSE 0 END) AS unclear,
    SUM(CASE WHEN k.category_id IS NOT NULL AND k.truthy IS NULL THEN 1 ELSE 0 END) AS twice,
    SUM(CASE WHEN r.category_id IS NOT NULL AND k.category_id IS NULL THEN 1 ELSE 0 END) AS unnamed
FROM stamp AS s
CROSS JOIN destination AS d
LEFT JOIN requirement AS r ON r.version_id = d.version_id AND r.destination_id = d.destination_id
LEFT JOIN stamp_category AS k ON k.stamp_id = s.stamp_id AND k.category_id = r.category_id
GROUP BY s.stamp_id, d.version_id, d.destination_id
