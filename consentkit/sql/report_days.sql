-- One row per finding and day: how much of it falls on the day. Undated ones are not here.
SELECT
    f.code, f.certainty, n.name AS source, d.name AS destination, f.detail, CAST(f.seen_at AS DATE) AS day,
    CASE WHEN count(f.delivery_id) = 0 OR f.destination_id IS NULL THEN count(DISTINCT f.event_id) ELSE count(f.delivery_id) END AS n
FROM finding_any AS f
LEFT JOIN source_called AS n ON n.source_id = f.source_id
LEFT JOIN destination_called AS d ON d.destination_id = f.destination_id
WHERE f.seen_at IS NOT NULL
GROUP BY f.code, f.certainty, n.name, f.destination_id, d.name, f.detail, CAST(f.seen_at AS DATE)
ORDER BY f.code, f.certainty, d.name, n.name, f.detail, day
