-- Up to ten rows behind each finding, the earliest first, with the ids that are to be pseudonymised.
WITH picked AS (
    SELECT
        f.*,
        row_number() OVER (
            PARTITION BY f.code, f.certainty, f.source_id, f.destination_id, f.detail
            ORDER BY f.seen_at, f.event_id, f.delivery_id
        ) AS place
    FROM finding_any AS f
)
SELECT
    p.code, p.certainty, s.name AS source, d.name AS destination, p.detail,
    p.seen_at, e.name AS event, e.type, e.message_id, e.user_id, e.anonymous_id, e.app_version,
    coalesce(i.path, j.path) AS file, coalesce(e.line, r.line) AS line, o.status, o.reason, o.mode
FROM picked AS p
LEFT JOIN destination AS d
    ON d.destination_id = p.destination_id AND d.version_id = (SELECT n.version_id FROM newest_version AS n)
LEFT JOIN source AS s ON s.source_id = p.source_id AND s.version_id = (SELECT n.version_id FROM newest_version AS n)
LEFT JOIN event AS e ON e.event_id = p.event_id
LEFT JOIN input_file AS i ON i.file_id = e.file_id
LEFT JOIN delivery AS r ON r.delivery_id = p.delivery_id
LEFT JOIN input_file AS j ON j.file_id = r.file_id
LEFT JOIN route AS o ON o.route_id = r.route_id
WHERE p.place <= 10
ORDER BY p.code, p.certainty, d.name, s.name, p.detail, p.place
