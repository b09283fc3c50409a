-- One row per destination and day that a delivery overview counts, beside what the rules allow (RULES.md 2.2).
-- allowed: what the rules deliver or leave open, the upper bound. late: events of the day before that no count tells
-- of, pending ones too; they may have been delivered a day later. whole: FALSE on a day of which a warehouse that needs
-- consent itself, or a window that begins or ends with it, may show only a part. delivered_in_one: what the
-- file with the most of it counts, as the others may be exports of the same. Names are those of the newest policy version.
WITH part_of_day AS (
    SELECT CAST(COALESCE(e.received_at, e.event_at) AS DATE) AS day
    FROM event AS e
    INNER JOIN warehouse_table AS t ON t.file_id = e.file_id
    WHERE EXISTS (SELECT 1 FROM delivery_count AS n) AND EXISTS (
        SELECT 1
        FROM destination AS d
        INNER JOIN newest_version AS v ON v.version_id = d.version_id
        INNER JOIN requirement AS r ON r.version_id = d.version_id AND r.destination_id = d.destination_id
        WHERE d.kind = 'warehouse' AND d.enabled = TRUE
    )
    UNION
    SELECT CAST(t.since AS DATE) AS day
    FROM warehouse_table AS t
    WHERE t.since IS NOT NULL
    UNION
    SELECT CAST(t.until AS DATE) AS day
    FROM warehouse_table AS t
    WHERE t.until IS NOT NULL
),
filed AS (
    SELECT
        m.destination_id AS destination_id,
        n.day AS day,
        n.file_id AS file_id,
        SUM(CASE WHEN m.status = 'delivered' THEN n.records ELSE 0 END) AS delivered,
        SUM(CASE WHEN m.status = 'filtered' AND m.reason_means = 'consent' THEN n.records ELSE 0 END) AS discarded,
        SUM(CASE WHEN m.status IN ('pending', 'unknown') THEN 0 ELSE n.records END) AS settled
    FROM delivery_count AS n
    INNER JOIN route_meaning AS m ON m.route_id = n.route_id
    INNER JOIN newest_version AS v ON v.version_id = m.version_id
    GROUP BY m.destination_id, n.day, n.file_id
),
told AS (
    SELECT
        f.destination_id AS destination_id,
        f.day AS day,
        SUM(f.delivered) AS delivered,
        SUM(f.discarded) AS discarded,
        SUM(f.settled) AS settled,
        MAX(f.delivered) AS delivered_in_one,
        MAX(f.settled) AS settled_in_one
    FROM filed AS f
    GROUP BY f.destination_id, f.day
),
days AS (
    SELECT t.destination_id AS destination_id, t.day AS day FROM told AS t
    UNION
    SELECT e.destination_id AS destination_id, e.day AS day FROM count_expected AS e
),
beside AS (
    SELECT
        d.destination_id AS destination_id,
        d.day AS day,
        t.day AS told_day,
        COALESCE(t.delivered, 0) AS delivered,
        COALESCE(t.discarded, 0) AS discarded,
        COALESCE(t.settled, 0) AS settled,
        COALESCE(t.delivered_in_one, 0) AS delivered_in_one,
        COALESCE(e.events, 0) AS events,
        COALESCE(e.due, 0) AS due,
        COALESCE(e.unclear, 0) AS unclear,
        COALESCE(e.refused, 0) AS refused,
        CASE
            WHEN COALESCE(e.events, 0) > COALESCE(t.settled_in_one, 0) THEN COALESCE(e.events, 0) - COALESCE(t.settled_in_one, 0)
            ELSE 0
        END AS open
    FROM days AS d
    LEFT JOIN told AS t ON t.destination_id = d.destination_id AND t.day = d.day
    LEFT JOIN count_expected AS e ON e.destination_id = d.destination_id AND e.day = d.day
),
followed AS (
    SELECT
        b.destination_id AS destination_id,
        b.day AS day,
        b.told_day AS told_day,
        b.delivered AS delivered,
        b.discarded AS discarded,
        b.settled AS settled,
        b.delivered_in_one AS delivered_in_one,
        b.events AS events,
        b.due AS due,
        b.unclear AS unclear,
        b.refused AS refused,
        LAG(b.open) OVER (PARTITION BY b.destination_id ORDER BY b.day) AS open_before
    FROM beside AS b
)
SELECT
    f.destination_id AS destination_id,
    f.day AS day,
    CAST(f.events AS BIGINT) AS events,
    CAST(f.due AS BIGINT) AS due,
    CAST(f.unclear AS BIGINT) AS unclear,
    CAST(f.due + f.unclear AS BIGINT) AS allowed,
    CAST(f.refused AS BIGINT) AS refused,
    CAST(f.delivered AS BIGINT) AS delivered,
    CAST(f.discarded AS BIGINT) AS discarded,
    CAST(f.settled AS BIGINT) AS settled,
    CAST(f.delivered_in_one AS BIGINT) AS delivered_in_one,
    CAST(COALESCE(f.open_before, 0) AS BIGINT) AS late,
    CASE WHEN y.day IS NULL THEN FALSE ELSE TRUE END AS has_events,
    CASE WHEN p.day IS NULL THEN TRUE ELSE FALSE END AS whole
FROM followed AS f
LEFT JOIN event_day AS y ON y.day = f.day
LEFT JOIN part_of_day AS p ON p.day = f.day
WHERE f.told_day IS NOT NULL
