-- Whether what was found of deliveries before something was loaded holds but for what is new or linked anew: all that was
-- judged is still there, and what is a fault between the situations and routes of then has not changed, as it may
-- where a destination only the log names got another number.
WITH now AS (
    SELECT f.*
    FROM delivery_fault AS f
    CROSS JOIN "judged_input (before)" AS b
    WHERE f.signature_id <= b.last_signature_id AND f.route_id <= b.last_route_id
),
difference AS (
    (SELECT n.* FROM now AS n EXCEPT ALL SELECT f.* FROM "delivery_fault (before)" AS f)
    UNION ALL
    (SELECT f.* FROM "delivery_fault (before)" AS f EXCEPT ALL SELECT n.* FROM now AS n)
)
SELECT
    (SELECT count(*) FROM event AS e WHERE e.event_id <= b.last_event_id) = b.events
    AND (SELECT count(*) FROM delivery AS d WHERE d.delivery_id <= b.last_delivery_id) = b.deliveries
    AND NOT EXISTS (SELECT 1 FROM difference AS x)
FROM "judged_input (before)" AS b
