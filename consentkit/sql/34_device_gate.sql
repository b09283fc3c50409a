-- One row per routing situation at a Segment SDK: does the event leave the device for Segment at all?
-- Dropped only where no destination could get it; each SDK asks a question of its own (RULES.md 3).
WITH listed AS (
    SELECT
        k.stamp_id AS stamp_id,
        c.version_id AS version_id,
        c.source_id AS source_id,
        SUM(CASE WHEN k.truthy = TRUE THEN 1 ELSE 0 END) AS consented,
        SUM(CASE WHEN k.truthy IS NULL THEN 1 ELSE 0 END) AS twice
    FROM stamp_category AS k
    INNER JOIN source_listed AS c ON c.category_id = k.category_id
    GROUP BY k.stamp_id, c.version_id, c.source_id
),
judged AS (
    SELECT
        g.signature_id AS signature_id,
        g.kind AS event_kind,
        d.version_id AS version_id,
        d.destination_id AS destination_id,
        CASE
            WHEN e.consent_enabled = FALSE THEN 'consent_off'
            WHEN e.has_unmapped_destinations = TRUE THEN 'unmapped_needs_it'
            WHEN g.kind = 'preference' AND p.point IN ('kotlin', 'swift') THEN 'preference_event'
            WHEN g.kind <> 'event' AND p.point = 'react-native' THEN 'preference_event'
            WHEN s.dialect <> 'segment' THEN 'foreign_stamp'
            WHEN s.state = 'A?' THEN 'unknown_empty'
            -- Kotlin: some category is the literal true
            WHEN p.point = 'kotlin' AND s.state = 'A6' THEN 'malformed'
            WHEN p.point = 'kotlin' AND COALESCE(n.granted, 0) > 0 THEN 'some_consent'
            WHEN p.point = 'kotlin' AND COALESCE(n.twice, 0) > 0 THEN 'not_boolean'
            WHEN p.point = 'kotlin' THEN 'no_consent_at_all'
            -- Swift: dropped only by a readable stamp in which everything is false
            WHEN p.point = 'swift' AND s.state = 'A3' THEN 'no_consent_at_all'
            WHEN p.point = 'swift' AND s.state = 'A4' AND n.unclear = 0 AND n.granted = 0 THEN 'no_consent_at_all'
            WHEN p.point = 'swift' AND s.state = 'A4' AND n.unclear = n.twice AND n.granted = 0 THEN 'not_boolean'
            WHEN p.point = 'swift' THEN 'some_consent'
            -- analytics.js and React Native: some category of the settings is consented to
            WHEN COALESCE(l.consented, 0) > 0 THEN 'some_consent'
            WHEN COALESCE(l.twice, 0) > 0 THEN 'not_boolean'
            WHEN p.point = 'react-native' AND s.state = 'A6' AND s.null_preferences = FALSE THEN 'malformed'
            WHEN p.point = 'react-native' OR s.state IN ('A3', 'A4') THEN 'no_consent_at_all'
            ELSE 'stamp_cannot_lack'
        END AS reason
    FROM signature AS g
    INNER JOIN signature_point AS p
        ON p.signature_id = g.signature_id
        AND p.point IN ('analytics.js opt-in', 'analytics.js opt-out', 'kotlin', 'swift', 'react-native')
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    INNER JOIN destination AS d ON d.version_id = p.version_id AND d.kind = 'platform'
    INNER JOIN source_setting AS e ON e.version_id = p.version_id AND e.source_id = p.source_id
    LEFT JOIN stamp_total AS n ON n.stamp_id = g.stamp_id
    LEFT JOIN listed AS l ON l.stamp_id = g.stamp_id AND l.version_id = p.version_id AND l.source_id = p.source_id
)
SELECT
    j.signature_id AS signature_id,
    j.version_id AS version_id,
    j.destination_id AS destination_id,
    j.reason AS reason,
    -- the documentation: the preference event is sent whatever it says
    CASE WHEN j.event_kind <> 'event' AND j.reason = 'no_consent_at_all' THEN 'preference_event' ELSE j.reason END AS documented
FROM judged AS j
