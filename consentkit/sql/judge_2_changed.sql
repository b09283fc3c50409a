-- The delivery records to be judged: those that are new; those whose event was open; and those of events whose message id
-- came to be shared by others.
CREATE OR REPLACE TEMP TABLE changed_delivery AS
WITH regrouped AS (
    (SELECT s.event_id, s.group_id FROM judged_link AS s EXCEPT SELECT b.event_id, b.group_id FROM "judged_link (before)" AS b)
    UNION
    (SELECT b.event_id, b.group_id FROM "judged_link (before)" AS b EXCEPT SELECT s.event_id, s.group_id FROM judged_link AS s)
),
shared AS (
    SELECT s.event_id FROM judged_link AS s WHERE s.group_id IN (SELECT r.group_id FROM regrouped AS r)
    UNION
    SELECT b.event_id FROM "judged_link (before)" AS b WHERE b.group_id IN (SELECT r.group_id FROM regrouped AS r)
)
SELECT d.delivery_id, d.event_id, d.linked_by, d.route_id, d.logged_at
FROM delivery AS d
WHERE d.delivery_id > (SELECT coalesce(max(i.last_delivery_id), 0) FROM "judged_input (before)" AS i)
    OR d.delivery_id IN (SELECT b.delivery_id FROM "judged_link (before)" AS b WHERE b.delivery_id IS NOT NULL)
    OR d.event_id IN (SELECT s.event_id FROM shared AS s)
