-- Every name in the data that the newest policy version does not know: where it stands and how often, the most first.
WITH met AS (
    SELECT r.destination AS name, 'deliveries' AS place, count(*) AS times
    FROM delivery AS d
    INNER JOIN route AS r ON r.route_id = d.route_id
    GROUP BY r.destination
    UNION ALL
    SELECT r.destination AS name, 'delivery counts' AS place, CAST(sum(n.records) AS BIGINT) AS times
    FROM delivery_count AS n
    INNER JOIN route AS r ON r.route_id = n.route_id
    GROUP BY r.destination
    UNION ALL
    SELECT i.name, 'integrations objects' AS place, count(*) AS times
    FROM integrations_entry AS i
    INNER JOIN signature AS g ON g.integrations_id = i.integrations_id
    INNER JOIN event AS e ON e.signature_id = g.signature_id
    GROUP BY i.name
    UNION ALL
    SELECT b.name, 'lists of what a page had loaded' AS place, count(*) AS times
    FROM bundle_entry AS b
    INNER JOIN signature AS g ON g.bundle_id = b.bundle_id
    INNER JOIN event AS e ON e.signature_id = g.signature_id
    WHERE b.side = 'bundled'
    GROUP BY b.name
)
SELECT m.name, string_agg(m.place, ', ' ORDER BY m.place) AS place, CAST(sum(m.times) AS BIGINT) AS times
FROM met AS m
WHERE m.name NOT IN ('Warehouses', 'Segment.io')
    AND NOT EXISTS (
        SELECT 1 FROM destination_alias AS a
        INNER JOIN newest_version AS v ON v.version_id = a.version_id
        INNER JOIN destination AS d ON d.version_id = a.version_id AND d.destination_id = a.destination_id
        WHERE a.name = m.name AND d.known
    )
GROUP BY m.name
ORDER BY times DESC, m.name
