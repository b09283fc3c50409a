-- Where the rows of delivery files come together, whatever their format, before they find their events.
CREATE OR REPLACE TEMP TABLE incoming_delivery (
    file_id INTEGER, line BIGINT, message_id VARCHAR, event_file VARCHAR, event_line BIGINT,
    destination VARCHAR, status VARCHAR, reason VARCHAR, mode VARCHAR, logged_at TIMESTAMP,
    reject_code VARCHAR, content BLOB
);

-- The event a message id means: where several events share it, the first of them by time; views then look at all of them.
CREATE OR REPLACE TEMP VIEW named_event AS
SELECT e.event_id, e.message_id
FROM event AS e
LEFT JOIN shared_message AS s ON s.event_id = e.event_id
WHERE e.message_id IS NOT NULL AND (s.event_id IS NULL OR s.group_id = e.event_id)
