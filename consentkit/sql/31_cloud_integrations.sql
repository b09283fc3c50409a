-- One row per routing situation and destination: what the integrations object alone says in Segment's cloud.
-- An own entry decides, else All, else it is allowed. All leaves warehouses alone; AWS S3 ignores the object.
-- Rules: RULES.md 2, step 3, and 2.6; contradiction 3 for an event without consent object.
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
        -- old mobile libraries write false for what the device has sent itself (contradiction 16)
        WHEN COALESCE(n.denied, 0) > 0 AND g.deduping = TRUE THEN 'integrations_false_or_sent'
        WHEN COALESCE(n.denied, 0) > 0 THEN 'integrations_false'
        WHEN COALESCE(n.unclear, 0) > 0 THEN 'integrations_unclear'
        WHEN COALESCE(n.allowed, 0) > 0 THEN 'integrations_true'
        WHEN d.kind = 'warehouse' AND i.all_entry IN ('deny', 'unclear', 'allow') THEN 'unsaid'
        WHEN i.all_entry = 'deny' AND m.destination_id IS NOT NULL THEN 'may_be_listed'
        WHEN i.all_entry = 'deny' THEN 'all_false'
        WHEN i.all_entry = 'unclear' THEN 'integrations_unclear'
        WHEN i.all_entry = 'allow' THEN 'all_true'
        WHEN s.state IN ('A0', 'A1') THEN 'unlisted_without_consent'
        ELSE 'unsaid'
    END AS reason
FROM signature AS g
INNER JOIN signature_point AS p ON p.signature_id = g.signature_id AND p.point = 'cloud'
INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
INNER JOIN integrations AS i ON i.integrations_id = g.integrations_id
INNER JOIN destination AS d ON d.version_id = p.version_id AND d.kind <> 'platform'
LEFT JOIN integrations_account AS n
    ON n.integrations_id = g.integrations_id AND n.version_id = d.version_id AND n.destination_id = d.destination_id
LEFT JOIN integrations_likeness AS m
    ON m.integrations_id = g.integrations_id AND m.version_id = d.version_id AND m.destination_id = d.destination_id
