-- One row per routing situation and destination its device had loaded although the event refuses a category it needs.
-- X37: at an opt-in source refused destinations are taken out before the list is written, and nothing is held back
-- afterwards, so what is listed got the event. X38: where events are held back one by one, a destination stays listed
-- whether it got them or not (RULES.md 3). The integrations object holds back on the device too.
SELECT
    x.signature_id AS signature_id,
    x.version_id AS version_id,
    x.source_id AS source_id,
    CASE WHEN x.point = 'analytics.js opt-in' THEN 'X37' ELSE 'X38' END AS code,
    b.destination_id AS destination_id,
    CASE WHEN x.point = 'analytics.js opt-in' AND x.integrations_say = 'allow' THEN TRUE ELSE FALSE END AS certain
FROM bundle_account AS b
INNER JOIN signature AS g ON g.bundle_id = b.bundle_id
INNER JOIN decision AS x
    ON x.signature_id = g.signature_id AND x.version_id = b.version_id AND x.destination_id = b.destination_id
WHERE x.consent_says = 'deny' AND x.consent_reason <> 'rejected_at_ingestion' AND x.integrations_say <> 'deny'
    AND x.point NOT IN ('rudder-server', 'rudder-js')
