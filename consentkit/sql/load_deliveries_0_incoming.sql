-- Where the rows of delivery files come together, whatever their format, before they find their events.
CREATE OR REPLACE TEMP TABLE incoming_delivery (
    file_id INTEGER, line BIGINT, message_id VARCHAR, event_file VARCHAR, event_line BIGINT,
    destination VARCHAR, status VARCHAR, reason VARCHAR, mode VARCHAR, logged_at TIMESTAMP,
    reject_code VARCHAR, content BLOB
)
