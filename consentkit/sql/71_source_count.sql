-- One row per source of the newest policy version: its events, and those without a consent object.
-- The denominator of every finding about a source.
WITH counted AS (
    SELECT
        e.signature_id AS signature_id,
        COUNT(*) AS events,
        COUNT(*) - COUNT(e.event_at) AS undated
    FROM event AS e
    GROUP BY e.signature_id
)
SELECT
    s.source_id AS source_id,
    s.name AS source,
    CAST(COALESCE(SUM(c.events), 0) AS BIGINT) AS events,
    CAST(COALESCE(SUM(CASE WHEN t.state IN ('A0', 'A1', 'A?') AND t.rudder_form = 'absent' THEN c.events ELSE 0 END), 0) AS BIGINT) AS without_consent_object,
    CAST(COALESCE(SUM(c.undated), 0) AS BIGINT) AS undated
FROM source AS s
INNER JOIN newest_version AS n ON n.version_id = s.version_id
LEFT JOIN signature_source AS o ON o.version_id = s.version_id AND o.source_id = s.source_id
LEFT JOIN signature AS g ON g.signature_id = o.signature_id
LEFT JOIN stamp AS t ON t.stamp_id = g.stamp_id
LEFT JOIN counted AS c ON c.signature_id = o.signature_id
GROUP BY s.source_id, s.name
