-- One row: how much there is to judge. Kept with what was found, it tells whether anything was written since.
SELECT
    (SELECT COUNT(*) AS n FROM event AS e) AS events,
    (SELECT MAX(e.event_id) AS n FROM event AS e) AS last_event_id,
    (SELECT COUNT(*) AS n FROM delivery AS d) AS deliveries,
    (SELECT MAX(d.delivery_id) AS n FROM delivery AS d) AS last_delivery_id,
    (SELECT COUNT(*) AS n FROM delivery_count AS c) AS delivery_counts,
    (SELECT COUNT(*) AS n FROM rejected_line AS r) AS rejected_lines,
    (SELECT COUNT(*) AS n FROM input_file AS f) AS files,
    (SELECT COUNT(*) AS n FROM destination AS t) AS destinations,
    (SELECT COUNT(*) AS n FROM category AS k) AS categories,
    (SELECT MAX(g.signature_id) AS n FROM signature AS g) AS last_signature_id,
    (SELECT MAX(o.route_id) AS n FROM route AS o) AS last_route_id
