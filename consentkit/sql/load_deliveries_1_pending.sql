-- Delivery records that found no event so far, or not the line they name, or a line of what was the only event file, become
-- incoming once more.
INSERT INTO incoming_delivery
SELECT
    d.file_id, d.line, p.message_id, p.event_file, p.event_line, r.destination, r.status, r.reason, r.mode,
    d.logged_at, NULL, NULL
FROM pending_delivery AS p
INNER JOIN delivery AS d ON d.delivery_id = p.delivery_id
INNER JOIN route AS r ON r.route_id = d.route_id;

DELETE FROM delivery WHERE delivery_id IN (SELECT p.delivery_id FROM pending_delivery AS p);

DELETE FROM pending_delivery
