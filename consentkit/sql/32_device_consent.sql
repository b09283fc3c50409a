-- One row per routing situation and destination at a Segment SDK: what consent alone says on the device.
-- Each SDK reads the same stamp its own way (RULES.md 3; for the states, section 1). A destination
-- without categories has no blocker, so it is delivered to. Read it from the top: the first line decides.
-- documented: what the documentation says, where that differs: the preference event goes to Actions destinations.
WITH judged AS (
    SELECT
        g.signature_id AS signature_id,
        p.version_id AS version_id,
        a.destination_id AS destination_id,
        g.kind AS event_kind,
        d.kind AS kind,
        CASE
            WHEN d.kind = 'aws-s3' OR (d.kind = 'engage' AND d.enforced = FALSE) THEN 'exempt'
            WHEN a.needed = 0 THEN 'unmapped'
            WHEN s.dialect <> 'segment' THEN 'foreign_stamp'
            -- the preference event: Kotlin lets it pass, React Native keeps it from every mapped destination
            WHEN p.point = 'kotlin' AND g.kind = 'preference' THEN 'preference_event'
            WHEN p.point = 'react-native' AND g.kind <> 'event' THEN 'preference_event_kept_back'
            -- from a warehouse: which of the empty forms it was makes a difference, but not to every SDK
            WHEN s.state = 'A?' AND p.point IN ('swift', 'react-native') THEN 'unstamped_kept_back'
            WHEN s.state = 'A?' THEN 'unknown_empty'
            -- no stamp, or one without categories
            WHEN s.state IN ('A0', 'A1', 'A2') AND p.point IN ('analytics.js opt-in', 'analytics.js opt-out') THEN 'stamp_cannot_lack'
            WHEN s.state IN ('A0', 'A1', 'A2') THEN 'unstamped_kept_back'
            WHEN s.state = 'A3' THEN 'no_categories'
            -- a stamp that is not what it should be
            WHEN s.state = 'A6' AND p.point = 'swift' THEN 'stamp_void'
            WHEN s.state = 'A6' AND p.point = 'react-native' AND s.null_preferences = TRUE THEN 'no_categories'
            WHEN s.state = 'A6' THEN 'malformed'
            WHEN p.point = 'swift' AND n.unclear > n.twice THEN 'stamp_void'
            -- every category the destination needs, as this SDK reads its value
            WHEN p.point IN ('kotlin', 'swift') AND a.granted = a.needed THEN 'granted'
            WHEN p.point IN ('analytics.js opt-in', 'analytics.js opt-out', 'react-native') AND a.truthy = a.needed THEN 'granted'
            WHEN a.refused > 0 THEN 'refused'
            WHEN a.unnamed > 0 THEN 'unnamed'
            -- two values that differ: nobody knows which of them the SDK read
            WHEN p.point IN ('kotlin', 'swift') AND a.granted + a.twice = a.needed THEN 'not_boolean'
            WHEN p.point NOT IN ('kotlin', 'swift') AND a.truthy + a.twice = a.needed THEN 'not_boolean'
            ELSE 'not_true'
        END AS reason
    FROM signature AS g
    INNER JOIN signature_point AS p
        ON p.signature_id = g.signature_id
        AND p.point IN ('analytics.js opt-in', 'analytics.js opt-out', 'kotlin', 'swift', 'react-native')
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    INNER JOIN stamp_account AS a ON a.stamp_id = g.stamp_id AND a.version_id = p.version_id
    INNER JOIN destination AS d
        ON d.version_id = a.version_id AND d.destination_id = a.destination_id AND d.kind <> 'platform'
    LEFT JOIN stamp_total AS n ON n.stamp_id = g.stamp_id
)
SELECT
    j.signature_id AS signature_id,
    j.version_id AS version_id,
    j.destination_id AS destination_id,
    j.reason AS reason,
    CASE
        WHEN j.event_kind <> 'event' AND j.kind = 'actions' AND j.reason NOT IN ('granted', 'unmapped') THEN 'preference_event'
        ELSE j.reason
    END AS documented
FROM judged AS j
