-- Up to ten rows behind each finding, the earliest first, with the ids that are to be pseudonymised.
WITH earliest AS (
    SELECT
        f.code, f.certainty, f.source_id, f.destination_id, f.detail,
        min(row(f.seen_at, f.event_id, f.delivery_id), 10) AS ten
    FROM finding_any AS f
    GROUP BY f.code, f.certainty, f.source_id, f.destination_id, f.detail
),
picked AS (
    SELECT e.code, e.certainty, e.source_id, e.destination_id, e.detail, unnest(e.ten) AS one
    FROM earliest AS e
)
SELECT
    p.code, p.certainty, s.name AS source, d.name AS destination, p.detail,
    p.one[1] AS seen_at, e.name AS event, e.type, e.message_id, e.user_id, e.anonymous_id, e.app_version,
    coalesce(i.path, j.path) AS file, coalesce(e.line, r.line) AS line, o.status, o.reason, o.mode
FROM picked AS p
LEFT JOIN destination AS d
    ON d.destination_id = p.destination_id AND d.version_id = (SELECT n.version_id FROM newest_version AS n)
LEFT JOIN source AS s ON s.source_id = p.source_id AND s.version_id = (SELECT n.version_id FROM newest_version AS n)
LEFT JOIN event AS e ON e.event_id = p.one[2]
LEFT JOIN input_file AS i ON i.file_id = e.file_id
LEFT JOIN delivery AS r ON r.delivery_id = p.one[3]
LEFT JOIN input_file AS j ON j.file_id = r.file_id
LEFT JOIN route AS o ON o.route_id = r.route_id
ORDER BY p.code, p.certainty, d.name, s.name, p.detail, p.one
