-- One row per routing situation and destination: deliver, block or indeterminate, and why.
-- Consent is looked at first, then integrations, which can only take away. A certain no of either blocks;
-- else anything unclear leaves it open; only a yes of both delivers.
-- Three verdicts: outcome is what the platform does; documented_outcome what its documentation says; and
-- regime_outcome what the law of the place says: under opt-in, silence is not consent (RULES.md 9, row 9).
WITH given AS (
    SELECT
        p.signature_id AS signature_id,
        p.source_id AS source_id,
        p.point AS point,
        d.version_id AS version_id,
        d.destination_id AS destination_id,
        -- what a destination needs that the policy does not know, nobody can tell
        CASE
            WHEN d.known = FALSE AND v.consent_reason <> 'rejected_at_ingestion' THEN 'unknown_destination'
            ELSE COALESCE(v.consent_reason, 'point_not_judged')
        END AS consent_reason,
        COALESCE(v.integrations_reason, 'point_not_judged') AS integrations_reason,
        CASE
            WHEN d.known = FALSE AND v.consent_reason <> 'rejected_at_ingestion' THEN 'unknown_destination'
            ELSE COALESCE(v.documented_reason, 'point_not_judged')
        END AS documented_reason
    FROM signature_point AS p
    INNER JOIN destination AS d ON d.version_id = p.version_id
    LEFT JOIN verdict AS v
        ON v.signature_id = p.signature_id AND v.version_id = p.version_id AND v.destination_id = d.destination_id
    WHERE d.kind <> 'platform' OR v.signature_id IS NOT NULL
),
said AS (
    SELECT
        g.signature_id AS signature_id,
        g.source_id AS source_id,
        g.point AS point,
        g.version_id AS version_id,
        g.destination_id AS destination_id,
        g.consent_reason AS consent_reason,
        g.integrations_reason AS integrations_reason,
        g.documented_reason AS documented_reason,
        COALESCE(x.says, 'unclear') AS consent_says,
        COALESCE(y.says, 'unclear') AS integrations_say,
        COALESCE(z.says, 'unclear') AS documented_says
    FROM given AS g
    LEFT JOIN decision_reason AS x ON x.reason = g.consent_reason
    LEFT JOIN decision_reason AS y ON y.reason = g.integrations_reason
    LEFT JOIN decision_reason AS z ON z.reason = g.documented_reason
),
judged AS (
    SELECT
        s.signature_id AS signature_id,
        s.source_id AS source_id,
        s.point AS point,
        s.version_id AS version_id,
        s.destination_id AS destination_id,
        s.consent_reason AS consent_reason,
        s.integrations_reason AS integrations_reason,
        s.documented_reason AS documented_reason,
        s.consent_says AS consent_says,
        s.integrations_say AS integrations_say,
        CASE
            WHEN s.consent_says = 'deny' OR s.integrations_say = 'deny' THEN 'block'
            WHEN s.consent_says = 'allow' AND s.integrations_say = 'allow' THEN 'deliver'
            ELSE 'indeterminate'
        END AS outcome,
        CASE
            WHEN s.consent_says = 'deny' THEN s.consent_reason
            WHEN s.integrations_say = 'deny' THEN s.integrations_reason
            WHEN s.consent_says = 'allow' AND s.integrations_say <> 'allow' THEN s.integrations_reason
            ELSE s.consent_reason
        END AS reason,
        CASE
            WHEN s.documented_says = 'deny' OR s.integrations_say = 'deny' THEN 'block'
            WHEN s.documented_says = 'allow' AND s.integrations_say = 'allow' THEN 'deliver'
            ELSE 'indeterminate'
        END AS documented_outcome
    FROM said AS s
)
SELECT
    j.signature_id AS signature_id,
    j.version_id AS version_id,
    j.destination_id AS destination_id,
    j.source_id AS source_id,
    j.point AS point,
    CASE WHEN t.source_id IS NULL THEN FALSE ELSE TRUE END AS connected,
    j.outcome AS outcome,
    j.reason AS reason,
    j.consent_says AS consent_says,
    j.consent_reason AS consent_reason,
    j.integrations_say AS integrations_say,
    j.integrations_reason AS integrations_reason,
    j.documented_outcome AS documented_outcome,
    j.documented_reason AS documented_reason,
    o.says AS other_stamp,
    CASE
        -- a refusal in the words of another tool is a refusal, though the platform does not read it (RULES.md 11)
        WHEN o.refused > 0 AND j.outcome <> 'block' AND j.consent_reason NOT IN ('exempt', 'preference_event', 'preference_event_unsaid')
            THEN 'block'
        -- and a grant ends the silence
        WHEN o.granted = o.needed THEN j.outcome
        WHEN w.regime = 'opt-in' AND n.needs_consent = TRUE AND j.outcome <> 'block'
            AND j.consent_reason IN (
                'no_consent_object', 'empty_consent_object', 'empty_consent_with_integrations',
                'empty_preferences_with_integrations', 'malformed_let_through', 'not_initialised', 'stamp_cannot_lack',
                'unknown_empty', 'malformed'
            ) THEN 'block'
        ELSE j.outcome
    END AS regime_outcome
FROM judged AS j
INNER JOIN policy_version AS w ON w.version_id = j.version_id
INNER JOIN destination_need AS n ON n.version_id = j.version_id AND n.destination_id = j.destination_id
INNER JOIN signature AS g ON g.signature_id = j.signature_id
LEFT JOIN other_account AS o
    ON o.version_id = j.version_id AND o.stamp_id = g.stamp_id AND o.destination_id = j.destination_id
LEFT JOIN connected AS t
    ON t.version_id = j.version_id AND t.destination_id = j.destination_id AND t.source_id = j.source_id
