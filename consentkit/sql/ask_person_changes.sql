-- Every change of consent of one person or device, in order of time, with the event that made it.
SELECT
    i.valid_from, i.valid_to, i.is_current, i.category_id, i.value, i.previous_value, i.basis,
    e.message_id, e.name AS event_name, e.anonymous_id, e.library, f.path AS event_file, e.line AS event_line
FROM consent_interval AS i
INNER JOIN event AS e ON e.event_id = i.event_id
INNER JOIN input_file AS f ON f.file_id = e.file_id
WHERE i.subject_kind = $1 AND i.subject_id = $2
ORDER BY i.valid_from, i.category_id
