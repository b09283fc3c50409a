-- All events, old and new, that name one of these ids: what the history of each of them is worked out from, once no other
-- id is named with them.
CREATE OR REPLACE TEMP TABLE named_by AS
SELECT e.event_id, e.signature_id, e.anonymous_id, e.user_id, e.previous_id, e.event_at, e.received_at, e.payload_key
FROM event AS e
WHERE e.anonymous_id IN (SELECT n.id FROM named_id AS n)
    OR e.user_id IN (SELECT n.id FROM named_id AS n)
    OR e.previous_id IN (SELECT n.id FROM named_id AS n)
