-- For people: one row per finding: its first day and, where on that day it is of one version alone, that version.
-- A version is that of the app where the event names one, else that of the library. before counts the versions of the
-- same product that were seen earlier and have nothing of it: null and no version where several begin together.
WITH met AS (
    SELECT
        f.code, f.certainty, f.source_id, f.destination_id, f.detail, CAST(f.seen_at AS DATE) AS day,
        CASE WHEN e.app_version IS NULL THEN e.library ELSE s.name END AS product,
        coalesce(e.app_version, e.library_version) AS version,
        count(*) AS n
    FROM finding_any AS f
    LEFT JOIN event AS e ON e.event_id = f.event_id
    LEFT JOIN signature_source AS o
        ON o.signature_id = e.signature_id AND o.version_id = (SELECT v.version_id FROM newest_version AS v)
    LEFT JOIN source AS s ON s.source_id = o.source_id AND s.version_id = o.version_id
    WHERE f.seen_at IS NOT NULL
    GROUP BY ALL
),
began AS (
    SELECT m.code, m.certainty, m.source_id, m.destination_id, m.detail, min(m.day) AS first_day
    FROM met AS m
    GROUP BY ALL
),
first AS (
    SELECT
        b.*, count(DISTINCT (m.product, m.version)) AS versions, min(m.product) AS product, min(m.version) AS version,
        count(*) FILTER (m.version IS NULL OR m.product IS NULL) AS without
    FROM began AS b
    INNER JOIN met AS m
        ON m.code = b.code AND m.certainty = b.certainty AND m.source_id IS NOT DISTINCT FROM b.source_id
        AND m.destination_id IS NOT DISTINCT FROM b.destination_id AND m.detail IS NOT DISTINCT FROM b.detail
        AND m.day = b.first_day
    GROUP BY ALL
),
release AS (
    SELECT
        CASE WHEN t.app_version IS NULL THEN t.library ELSE t.source END AS product,
        coalesce(t.app_version, t.library_version) AS version,
        min(t.day) AS first_day
    FROM event_tally AS t
    WHERE t.day IS NOT NULL
    GROUP BY ALL
),
earlier AS (
    SELECT f.code, f.certainty, f.source_id, f.destination_id, f.detail, count(*) AS n
    FROM first AS f
    INNER JOIN release AS r ON r.product = f.product AND r.version = f.version
    INNER JOIN release AS o ON o.product = r.product AND o.first_day < r.first_day
    WHERE f.versions = 1 AND f.without = 0 AND NOT EXISTS (
        SELECT 1 FROM met AS m
        WHERE m.code = f.code AND m.certainty = f.certainty AND m.source_id IS NOT DISTINCT FROM f.source_id
            AND m.destination_id IS NOT DISTINCT FROM f.destination_id AND m.detail IS NOT DISTINCT FROM f.detail
            AND m.product = o.product AND m.version = o.version
    )
    GROUP BY ALL
)
SELECT
    f.code, f.certainty, n.name AS source, d.name AS destination, f.detail, f.first_day,
    CASE WHEN f.versions = 1 AND f.without = 0 THEN f.product END AS product,
    CASE WHEN f.versions = 1 AND f.without = 0 THEN f.version END AS version,
    CASE WHEN f.versions = 1 AND f.without = 0 THEN coalesce(e.n, 0) END AS before
FROM first AS f
LEFT JOIN earlier AS e
    ON e.code = f.code AND e.certainty = f.certainty AND e.source_id IS NOT DISTINCT FROM f.source_id
    AND e.destination_id IS NOT DISTINCT FROM f.destination_id AND e.detail IS NOT DISTINCT FROM f.detail
LEFT JOIN source_called AS n ON n.source_id = f.source_id
LEFT JOIN destination_called AS d ON d.destination_id = f.destination_id
