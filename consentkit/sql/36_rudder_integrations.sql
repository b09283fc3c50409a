-- One row per routing situation and destination at RudderStack: what the integrations object alone says.
-- An own entry decides, else All, else it is allowed; an All that is not boolean, or an integrations object
-- that is none, means no destination at all (RULES.md 4).
SELECT
    g.signature_id AS signature_id,
    d.version_id AS version_id,
    d.destination_id AS destination_id,
    CASE
        WHEN i.form = 'not_recorded' THEN 'not_recorded'
        WHEN i.form IN ('absent', 'empty') THEN 'unsaid'
        WHEN i.form = 'not_object' OR i.all_entry = 'unclear' THEN 'integrations_void'
        WHEN COALESCE(n.denied, 0) > 0 AND n.allowed + n.unclear > 0 THEN 'integrations_contradict'
        WHEN COALESCE(n.denied, 0) > 0 THEN 'integrations_false'
        WHEN COALESCE(n.unclear, 0) > 0 THEN 'integrations_unclear'
        WHEN COALESCE(n.allowed, 0) > 0 THEN 'integrations_true'
        WHEN i.all_entry = 'deny' AND m.destination_id IS NOT NULL THEN 'may_be_listed'
        WHEN i.all_entry = 'deny' THEN 'all_false'
        WHEN i.all_entry = 'allow' THEN 'all_true'
        ELSE 'unsaid'
    END AS reason
FROM signature AS g
INNER JOIN signature_point AS p ON p.signature_id = g.signature_id AND p.point IN ('rudder-server', 'rudder-js')
INNER JOIN integrations AS i ON i.integrations_id = g.integrations_id
INNER JOIN destination AS d ON d.version_id = p.version_id AND d.kind <> 'platform'
LEFT JOIN integrations_account AS n
    ON n.integrations_id = g.integrations_id AND n.version_id = d.version_id AND n.destination_id = d.destination_id
LEFT JOIN integrations_likeness AS m
    ON m.integrations_id = g.integrations_id AND m.version_id = d.version_id AND m.destination_id = d.destination_id
