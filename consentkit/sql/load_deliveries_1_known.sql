-- The routes of this log that were met, as it writes them.
CREATE OR REPLACE TEMP TABLE known_route AS
SELECT m.said_destination, m.said_status, m.said_reason, m.said_mode, r.route_id
FROM met_route AS m
INNER JOIN route AS r
    ON r.destination = m.destination
    AND r.status IS NOT DISTINCT FROM m.status
    AND r.reason IS NOT DISTINCT FROM m.reason
    AND r.mode IS NOT DISTINCT FROM m.mode
