-- One row per routing situation, route and finding that a delivery of the one by the other is.
-- certain = FALSE where the rules or the data leave a doubt. Findings: RULES.md 10.
WITH judged AS (
    SELECT
        x.signature_id AS signature_id,
        x.version_id AS version_id,
        x.destination_id AS destination_id,
        x.source_id AS source_id,
        x.connected AS connected,
        x.point AS point,
        x.documented_outcome AS documented_outcome,
        x.regime_outcome AS regime_outcome,
        x.outcome AS outcome,
        x.other_stamp AS other_stamp,
        x.consent_says AS consent_says,
        x.consent_reason AS consent_reason,
        x.integrations_say AS integrations_say,
        x.integrations_reason AS integrations_reason,
        r.route_id AS route_id,
        r.status AS status,
        r.reason_means AS reason_means,
        r.mode AS mode,
        d.kind AS kind,
        d.known AS known,
        s.state AS state,
        CASE WHEN x.point IN ('rudder-server', 'rudder-js')
            THEN CASE WHEN s.rudder_form = 'absent' THEN TRUE ELSE FALSE END
            ELSE CASE WHEN s.state IN ('A0', 'A1') THEN TRUE ELSE FALSE END END AS unstamped,
        a.needed AS needed,
        a.granted AS granted,
        a.refused + a.unnamed AS denied,
        CASE
            WHEN x.point IN ('rudder-server', 'rudder-js') THEN CASE WHEN l.ids > 0 AND l.denied = l.ids THEN TRUE ELSE FALSE END
            WHEN n.named > 0 AND n.granted + n.unclear = 0 THEN TRUE
            ELSE FALSE
        END AS refuses_all
    FROM decision AS x
    INNER JOIN route_meaning AS r ON r.version_id = x.version_id AND r.destination_id = x.destination_id
    INNER JOIN destination AS d ON d.version_id = x.version_id AND d.destination_id = x.destination_id
    INNER JOIN signature AS g ON g.signature_id = x.signature_id
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    INNER JOIN stamp_account AS a
        ON a.stamp_id = g.stamp_id AND a.version_id = x.version_id AND a.destination_id = x.destination_id
    LEFT JOIN stamp_total AS n ON n.stamp_id = g.stamp_id
    LEFT JOIN (
        SELECT w.stamp_id AS stamp_id, COUNT(*) AS ids, SUM(CASE WHEN w.says = 'refused' THEN 1 ELSE 0 END) AS denied
        FROM stamp_said AS w
        WHERE w.dialect = 'rudderstack'
        GROUP BY w.stamp_id
    ) AS l ON l.stamp_id = g.stamp_id
)
SELECT
    j.signature_id AS signature_id,
    j.version_id AS version_id,
    j.route_id AS route_id,
    j.destination_id AS destination_id,
    j.source_id AS source_id,
    f.code AS code,
    CASE
        WHEN f.code = 'V7' AND (j.mode = 'device' OR j.integrations_say = 'unclear') THEN FALSE
        WHEN f.code = 'V8' AND j.consent_reason NOT IN ('granted', 'unmapped') THEN FALSE
        -- a warehouse row: refused in one of the states it may have been
        WHEN f.code = 'V5' AND j.consent_says = 'unclear' THEN FALSE
        -- and what looks unnamed there may have been no boolean, which no column of booleans holds
        WHEN f.code IN ('V5', 'V6') AND j.consent_reason = 'unnamed' AND j.integrations_reason = 'not_recorded' THEN FALSE
        -- a value that is not boolean refuses nothing for certain
        WHEN f.code = 'V19' AND j.needed > 0 AND j.denied = 0 THEN FALSE
        ELSE TRUE
    END AS certain
FROM judged AS j
CROSS JOIN finding_code AS f
WHERE
    CASE
        -- delivered although a category it needs is refused or not named
        WHEN f.code = 'V5' THEN j.status = 'delivered' AND j.mode <> 'device'
            AND (j.consent_says = 'deny' OR j.consent_reason = 'unknown_empty')
            AND j.point <> 'rudder-server' AND j.consent_reason <> 'rejected_at_ingestion'
        WHEN f.code = 'V26' THEN j.status = 'delivered' AND j.consent_says = 'deny' AND j.point = 'rudder-server'
        -- delivered as the platform does, though its documentation says it would not be
        WHEN f.code = 'V27' THEN j.status = 'delivered' AND j.outcome = 'deliver' AND j.documented_outcome = 'block'
        -- delivered while silence is no consent
        WHEN f.code = 'R1' THEN j.status = 'delivered' AND j.regime_outcome = 'block' AND j.outcome <> 'block'
            AND COALESCE(j.other_stamp, '') <> 'refused'
        -- delivered although a stamp the platform does not read refuses
        WHEN f.code = 'X33' THEN j.status = 'delivered' AND j.regime_outcome = 'block' AND j.outcome <> 'block'
            AND j.other_stamp = 'refused'
        WHEN f.code = 'V6' THEN j.status = 'delivered' AND j.mode = 'device' AND j.consent_says = 'deny'
            AND j.point <> 'rudder-server' AND j.consent_reason <> 'rejected_at_ingestion'
        -- delivered although the integrations object said no
        WHEN f.code = 'V7' THEN j.status = 'delivered'
            AND (j.integrations_say = 'deny' OR j.integrations_reason IN ('may_be_listed', 'integrations_false_or_sent'))
        -- discarded for consent although consent allows it
        WHEN f.code = 'V8' THEN j.status = 'filtered' AND j.reason_means = 'consent' AND j.consent_says = 'allow'
            AND j.consent_reason <> 'exempt'
        -- discarded for one of the two when the rules block for the other
        WHEN f.code = 'V10' THEN j.status = 'filtered' AND (
            (j.reason_means = 'integrations' AND j.consent_says = 'deny' AND j.consent_reason <> 'rejected_at_ingestion')
            OR (j.reason_means = 'consent' AND j.consent_says = 'allow' AND j.integrations_say = 'deny'))
        -- delivered, needs no category, and the person refused every category asked for
        WHEN f.code = 'V18' THEN j.status = 'delivered' AND j.known = TRUE AND j.consent_reason = 'unmapped' AND j.refuses_all
        -- delivered to an exempt destination whose categories, or all of them, are refused
        WHEN f.code = 'V19' THEN j.status = 'delivered' AND j.consent_reason = 'exempt' AND j.state IN ('A3', 'A4')
            AND (j.granted < j.needed OR (j.needed = 0 AND j.refuses_all))
        WHEN f.code = 'V1E' THEN j.status = 'delivered' AND j.consent_reason <> 'exempt' AND j.unstamped
            AND j.consent_says <> 'deny'
        WHEN f.code = 'X7' THEN j.status = 'delivered' AND j.known = TRUE AND j.connected = FALSE
        -- an unknown destination is V20; an event that should not have been taken in went a way no rule speaks of
        WHEN f.code = 'X8' THEN j.status = 'delivered' AND j.known = TRUE
            AND (j.outcome = 'indeterminate' OR (j.consent_reason = 'rejected_at_ingestion' AND j.integrations_say <> 'deny'))
        ELSE FALSE
    END
