-- One row per routing situation and destination: the reasons of the enforcement point that applies.
-- A point that has no line here has no verdict, and its decisions are indeterminate.
SELECT
    c.signature_id AS signature_id, c.version_id AS version_id, c.destination_id AS destination_id,
    c.reason AS consent_reason, i.reason AS integrations_reason, c.reason AS documented_reason
FROM cloud_consent AS c
INNER JOIN cloud_integrations AS i
    ON i.signature_id = c.signature_id AND i.version_id = c.version_id AND i.destination_id = c.destination_id
UNION ALL
SELECT
    c.signature_id AS signature_id, c.version_id AS version_id, c.destination_id AS destination_id,
    c.reason AS consent_reason, i.reason AS integrations_reason, c.documented AS documented_reason
FROM device_consent AS c
INNER JOIN device_integrations AS i
    ON i.signature_id = c.signature_id AND i.version_id = c.version_id AND i.destination_id = c.destination_id
UNION ALL
SELECT
    c.signature_id AS signature_id, c.version_id AS version_id, c.destination_id AS destination_id,
    c.reason AS consent_reason, i.reason AS integrations_reason, c.documented AS documented_reason
FROM device_gate AS c
INNER JOIN device_integrations AS i
    ON i.signature_id = c.signature_id AND i.version_id = c.version_id AND i.destination_id = c.destination_id
UNION ALL
SELECT
    c.signature_id AS signature_id, c.version_id AS version_id, c.destination_id AS destination_id,
    c.reason AS consent_reason, i.reason AS integrations_reason, c.documented AS documented_reason
FROM rudder_consent AS c
INNER JOIN rudder_integrations AS i
    ON i.signature_id = c.signature_id AND i.version_id = c.version_id AND i.destination_id = c.destination_id
