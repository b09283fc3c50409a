-- One row per routing situation and destination: what consent alone says in Segment's cloud.
-- allow | deny | unclear, with the reason. Read it from the top: the first line that fits decides.
-- Rules: RULES.md 2, its table, sections 2.1 and 2.3; contradictions by their number in section 9.
SELECT
    g.signature_id AS signature_id,
    a.version_id AS version_id,
    a.destination_id AS destination_id,
    CASE
        -- a preference event that the platform would have refused to take in (RULES.md 2.2, 2.3)
        WHEN g.kind = 'preference'
            AND (g.named = FALSE OR s.state NOT IN ('A3', 'A4', 'A?') OR COALESCE(n.unclear - n.twice, 0) > 0 OR s.odd_version = TRUE)
            THEN 'rejected_at_ingestion'
        WHEN d.kind = 'aws-s3' OR (d.kind = 'engage' AND d.enforced = FALSE) THEN 'exempt'
        WHEN a.needed = 0 THEN 'unmapped'
        -- the keys of the retired Consent Manager mean something else
        WHEN s.dialect <> 'segment' THEN 'foreign_stamp'
        -- every category the destination needs is granted: no reading of the rules denies it
        WHEN a.granted = a.needed THEN 'granted'
        -- the preference event goes to Actions destinations whatever it says
        WHEN g.kind <> 'event' AND d.kind = 'actions' THEN 'preference_event'
        WHEN g.kind <> 'event' THEN 'preference_event_unsaid'
        -- from a warehouse: A1, A2 and A3 look alike there
        WHEN s.state = 'A?' THEN 'unknown_empty'
        WHEN s.state IN ('A0', 'A1') THEN 'no_consent_object'
        WHEN s.state = 'A2' AND i.form IN ('absent', 'empty') THEN 'empty_consent_object'
        WHEN s.state = 'A2' THEN 'empty_consent_with_integrations'
        WHEN s.state = 'A3' AND i.form IN ('absent', 'empty') THEN 'no_categories'
        WHEN s.state = 'A3' AND COALESCE(e.denied, 0) > 0 AND e.allowed + e.unclear = 0 THEN 'no_categories'
        WHEN s.state = 'A3' THEN 'empty_preferences_with_integrations'
        WHEN s.state = 'A4' AND a.refused > 0 THEN 'refused'
        -- whatever a value that is not boolean means, what is not named counts as refused
        WHEN s.state = 'A4' AND a.unnamed > 0 THEN 'unnamed'
        WHEN s.state = 'A4' AND a.unclear > 0 THEN 'not_boolean'
        ELSE 'malformed'
    END AS reason
FROM signature AS g
INNER JOIN signature_point AS p ON p.signature_id = g.signature_id AND p.point = 'cloud'
INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
INNER JOIN integrations AS i ON i.integrations_id = g.integrations_id
INNER JOIN stamp_account AS a ON a.stamp_id = g.stamp_id AND a.version_id = p.version_id
INNER JOIN destination AS d ON d.version_id = a.version_id AND d.destination_id = a.destination_id AND d.kind <> 'platform'
LEFT JOIN stamp_total AS n ON n.stamp_id = g.stamp_id
LEFT JOIN integrations_account AS e
    ON e.integrations_id = g.integrations_id AND e.version_id = a.version_id AND e.destination_id = a.destination_id
