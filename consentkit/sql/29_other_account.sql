-- One row per consent stamp in the words of another tool and destination that needs categories: how many it needs, and
-- how many of them are refused anywhere in it, granted and nowhere refused, or of no meaning that is known (RULES.md 11).
WITH told AS (
    SELECT
        k.version_id AS version_id,
        k.stamp_id AS stamp_id,
        k.category_id AS category_id,
        MAX(CASE WHEN k.says = 'refused' THEN 1 ELSE 0 END) AS refused,
        MAX(CASE WHEN k.says = 'granted' THEN 1 ELSE 0 END) AS granted,
        MAX(CASE WHEN k.says = 'unreadable' THEN 1 ELSE 0 END) AS unreadable
    FROM stamp_reading AS k
    GROUP BY k.version_id, k.stamp_id, k.category_id
),
stamped AS (
    SELECT DISTINCT t.version_id AS version_id, t.stamp_id AS stamp_id FROM told AS t
),
counted AS (
    SELECT
        s.version_id AS version_id,
        s.stamp_id AS stamp_id,
        r.destination_id AS destination_id,
        COUNT(r.category_id) AS needed,
        SUM(CASE WHEN t.refused = 1 THEN 1 ELSE 0 END) AS refused,
        SUM(CASE WHEN t.granted = 1 AND t.refused = 0 AND t.unreadable = 0 THEN 1 ELSE 0 END) AS granted,
        SUM(CASE WHEN t.unreadable = 1 AND t.refused = 0 THEN 1 ELSE 0 END) AS unreadable
    FROM stamped AS s
    INNER JOIN requirement AS r ON r.version_id = s.version_id
    LEFT JOIN told AS t ON t.version_id = s.version_id AND t.stamp_id = s.stamp_id AND t.category_id = r.category_id
    GROUP BY s.version_id, s.stamp_id, r.destination_id
)
SELECT
    c.version_id AS version_id,
    c.stamp_id AS stamp_id,
    c.destination_id AS destination_id,
    c.needed AS needed,
    c.refused AS refused,
    c.granted AS granted,
    c.unreadable AS unreadable,
    CASE WHEN c.refused > 0 THEN 'refused' WHEN c.granted = c.needed THEN 'granted' ELSE 'unset' END AS says
FROM counted AS c
