-- One row per destination, kind of no and period ($1: day, week or month) with deliveries against it. Null = undated. What a
-- page sent by itself, no record tells of: it is counted by events (X37, X38), apart from what the log tells.
SELECT
    d.name AS destination,
    CASE
        WHEN f.code = 'V7' THEN 'the integrations object said no'
        WHEN f.code IN ('X37', 'X38') THEN 'consent was refused, by the page itself'
        WHEN f.code = 'X33' THEN 'a stamp of another tool refused'
        ELSE 'consent was refused'
    END AS although,
    CAST(date_trunc($1, f.seen_at) AS DATE) AS period,
    count(DISTINCT coalesce(f.delivery_id, f.event_id)) FILTER (f.certainty = 'certain') AS deliveries,
    count(DISTINCT coalesce(f.delivery_id, f.event_id)) FILTER (f.certainty <> 'certain') AS possible,
    count(DISTINCT f.person_key) AS people,
    min(f.seen_at) FILTER (f.certainty = 'certain') AS first_seen,
    max(f.seen_at) FILTER (f.certainty = 'certain') AS last_seen
FROM finding_any AS f
INNER JOIN destination_called AS d ON d.destination_id = f.destination_id
WHERE f.code IN ('V5', 'V6', 'V7', 'V26', 'X33', 'X37', 'X38')
GROUP BY ALL
ORDER BY destination, although, period
