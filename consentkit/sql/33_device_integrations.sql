-- One row per routing situation and destination at a Segment SDK: what the integrations object alone says.
-- An own entry decides, else All, else it is allowed; All does not touch the platform itself (RULES.md 2.6).
SELECT
    g.signature_id AS signature_id,
    d.version_id AS version_id,
    d.destination_id AS destination_id,
    CASE
        WHEN d.kind = 'aws-s3' THEN 'ignored'
        WHEN i.form = 'not_recorded' THEN 'not_recorded'
        WHEN i.form IN ('absent', 'empty') THEN 'unsaid'
        WHEN i.form = 'not_object' THEN 'integrations_malformed'
        WHEN COALESCE(n.denied, 0) > 0 AND n.allowed + n.unclear > 0 THEN 'integrations_contradict'
        WHEN COALESCE(n.denied, 0) > 0 THEN 'integrations_false'
        WHEN COALESCE(n.unclear, 0) > 0 THEN 'integrations_unclear'
        WHEN COALESCE(n.allowed, 0) > 0 THEN 'integrations_true'
        WHEN d.kind IN ('platform', 'warehouse') THEN 'unsaid'
        WHEN i.all_entry = 'deny' THEN 'all_false'
        WHEN i.all_entry = 'unclear' THEN 'integrations_unclear'
        WHEN i.all_entry = 'allow' THEN 'all_true'
        ELSE 'unsaid'
    END AS reason
FROM signature AS g
INNER JOIN signature_point AS p
    ON p.signature_id = g.signature_id
    AND p.point IN ('analytics.js opt-in', 'analytics.js opt-out', 'kotlin', 'swift', 'react-native')
INNER JOIN integrations AS i ON i.integrations_id = g.integrations_id
INNER JOIN destination AS d ON d.version_id = p.version_id
LEFT JOIN integrations_account AS n
    ON n.integrations_id = g.integrations_id AND n.version_id = d.version_id AND n.destination_id = d.destination_id
