-- One row per finding and day: how much of it falls on the day. Undated ones are not here.
WITH met AS (
    SELECT
        f.code, f.certainty, f.source_id, f.destination_id, f.detail, CAST(f.seen_at AS DATE) AS day,
        count(f.delivery_id) AS records, CAST(0 AS BIGINT) AS events
    FROM finding_any AS f
    WHERE f.seen_at IS NOT NULL
    GROUP BY f.code, f.certainty, f.source_id, f.destination_id, f.detail, CAST(f.seen_at AS DATE)
    UNION ALL
    -- What is no delivery record to a destination, or not only, is counted by events; this is little.
    SELECT
        f.code, f.certainty, f.source_id, f.destination_id, f.detail, CAST(f.seen_at AS DATE) AS day,
        CAST(0 AS BIGINT) AS records, count(DISTINCT f.event_id) AS events
    FROM finding_any AS f
    WHERE f.seen_at IS NOT NULL AND (f.delivery_id IS NULL OR f.destination_id IS NULL)
    GROUP BY f.code, f.certainty, f.source_id, f.destination_id, f.detail, CAST(f.seen_at AS DATE)
)
SELECT
    m.code, m.certainty, n.name AS source, d.name AS destination, m.detail, m.day,
    CAST(CASE WHEN sum(m.records) = 0 OR m.destination_id IS NULL THEN sum(m.events) ELSE sum(m.records) END AS BIGINT) AS n
FROM met AS m
LEFT JOIN source_called AS n ON n.source_id = m.source_id
LEFT JOIN destination_called AS d ON d.destination_id = m.destination_id
GROUP BY m.code, m.certainty, n.name, m.destination_id, d.name, m.detail, m.day
ORDER BY m.code, m.certainty, d.name, n.name, m.detail, m.day
