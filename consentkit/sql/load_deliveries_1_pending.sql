-- Delivery records that found no event so far, or a line of what was the only event file, become incoming once more.
INSERT INTO incoming_delivery
SELECT
    d.file_id, d.line, d.message_id, d.event_file, d.event_line, r.destination, r.status, r.reason, r.mode,
    d.logged_at, CAST(NULL AS VARCHAR) AS reject_code, CAST(NULL AS BLOB) AS content
FROM delivery AS d
INNER JOIN route AS r ON r.route_id = d.route_id
WHERE d.event_id IS NULL OR d.linked_by = 'only_file';

DELETE FROM delivery WHERE event_id IS NULL OR linked_by = 'only_file'
