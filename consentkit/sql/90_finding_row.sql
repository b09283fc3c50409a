-- For people: one row per finding and delivery record or event, with names, file and line. Ids are as loaded.
SELECT
    f.code, f.certainty, k.severity, d.name AS destination, s.name AS source, f.detail,
    e.message_id, i.path AS event_file, e.line AS event_line, e.name AS event_name, e.event_at,
    e.library, e.library_version, e.app_version,
    j.path AS delivery_file, r.line AS delivery_line, o.status, o.reason, o.mode, r.logged_at,
    f.event_id, f.delivery_id
FROM finding_any AS f
INNER JOIN finding_code AS k ON k.code = f.code
LEFT JOIN destination_called AS d ON d.destination_id = f.destination_id
LEFT JOIN source_called AS s ON s.source_id = f.source_id
LEFT JOIN event AS e ON e.event_id = f.event_id
LEFT JOIN input_file AS i ON i.file_id = e.file_id
LEFT JOIN delivery AS r ON r.delivery_id = f.delivery_id
LEFT JOIN input_file AS j ON j.file_id = r.file_id
LEFT JOIN route AS o ON o.route_id = r.route_id
