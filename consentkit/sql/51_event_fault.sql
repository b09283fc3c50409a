-- One row per routing situation and finding that an event of it is, whatever happened to it afterwards.
-- since: only from that moment on (a source that began to stamp). Findings: RULES.md 10.
WITH judged AS (
    SELECT
        g.signature_id AS signature_id,
        g.kind AS kind,
        g.named AS named,
        g.bare AS bare,
        g.manager_traits AS manager_traits,
        t.unknown AS unknown,
        t.opaque AS opaque,
        t.others AS others,
        n.unclear - n.twice AS unclear,
        o.version_id AS version_id,
        o.source_id AS source_id,
        CASE WHEN o.point IN ('rudder-server', 'rudder-js') THEN TRUE ELSE FALSE END AS rudder,
        e.stamps_consent AS stamps_consent,
        e.stamping_since AS stamping_since,
        s.stamp_id AS stamp_id,
        s.state AS state,
        s.dialect AS dialect,
        s.problem AS problem,
        s.rudder_form AS rudder_form,
        s.odd_version AS odd_version
    FROM signature AS g
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    LEFT JOIN stamp_total AS n ON n.stamp_id = g.stamp_id
    INNER JOIN signature_point AS o ON o.signature_id = g.signature_id
    LEFT JOIN (
        SELECT
            a.version_id AS version_id, a.stamp_id AS stamp_id,
            MAX(CASE WHEN a.dialect = 'unknown' THEN a.place END) AS unknown,
            MAX(CASE WHEN a.dialect IN ('tcf', 'gpp') THEN a.dialect END) AS opaque,
            SUM(CASE WHEN a.place = 'context.consent' THEN 1 ELSE 0 END) AS others
        FROM stamp_dialect AS a
        GROUP BY a.version_id, a.stamp_id
    ) AS t ON t.stamp_id = g.stamp_id AND t.version_id = o.version_id
    INNER JOIN source AS e ON e.version_id = o.version_id AND e.source_id = o.source_id
)
SELECT
    j.signature_id AS signature_id,
    j.version_id AS version_id,
    j.source_id AS source_id,
    CAST(NULL AS BIGINT) AS destination_id,
    f.code AS code,
    CASE
        WHEN f.code = 'V2' THEN CASE WHEN j.state = 'A2' THEN 'empty consent' ELSE 'empty categoryPreferences' END
        WHEN f.code = 'V3' THEN j.problem
        WHEN f.code = 'X31' THEN j.unknown
        WHEN f.code = 'X34' THEN j.opaque
    END AS detail,
    CASE WHEN f.code = 'V1' THEN j.stamping_since END AS since,
    -- a warehouse cannot tell an absent consent object from an empty one; what a property says is not looked at
    CASE WHEN (f.code = 'V1' AND j.state = 'A?') OR f.code = 'V16' THEN FALSE ELSE TRUE END AS certain
FROM judged AS j
CROSS JOIN finding_code AS f
WHERE
    CASE
        WHEN f.code = 'V1' THEN j.stamps_consent = TRUE
            AND CASE WHEN j.rudder THEN j.rudder_form = 'absent' ELSE j.state IN ('A0', 'A1', 'A?') END
        WHEN f.code = 'V2' THEN j.state IN ('A2', 'A3') AND j.problem IS NULL AND COALESCE(j.others, 0) = 0 AND j.dialect = 'segment' AND j.rudder = FALSE
        WHEN f.code = 'V3' THEN j.problem IS NOT NULL AND j.dialect = 'segment' AND j.rudder = FALSE
        WHEN f.code = 'V3L' THEN j.dialect = 'consent-manager'
        WHEN f.code = 'V28' THEN j.rudder AND j.rudder_form = 'malformed'
        WHEN f.code = 'V14' THEN j.named = FALSE
        WHEN f.code = 'V15' THEN j.kind = 'preference' AND (j.state NOT IN ('A3', 'A4', 'A?') OR COALESCE(j.unclear, 0) > 0 OR j.odd_version)
        WHEN f.code = 'V16' THEN j.bare = FALSE
        WHEN f.code = 'V17' THEN j.kind = 'preference_old'
        WHEN f.code = 'X31' THEN j.unknown IS NOT NULL
        WHEN f.code = 'X34' THEN j.opaque IS NOT NULL
        WHEN f.code = 'X36' THEN j.manager_traits
        WHEN f.code = 'X5' THEN j.source_id = 0
        WHEN f.code = 'X20' THEN j.state = 'A?'
        ELSE FALSE
    END
UNION ALL
SELECT
    j.signature_id AS signature_id,
    j.version_id AS version_id,
    j.source_id AS source_id,
    CAST(NULL AS BIGINT) AS destination_id,
    CASE WHEN m.resembles IS NULL THEN 'V4' ELSE 'V4C' END AS code,
    k.category_id AS detail,
    NULL AS since,
    TRUE AS certain
FROM judged AS j
INNER JOIN stamp_said AS k
    ON k.stamp_id = j.stamp_id AND k.dialect = CASE WHEN j.rudder THEN 'rudderstack' ELSE 'segment' END
LEFT JOIN category AS c ON c.version_id = j.version_id AND c.category_id = k.category_id
LEFT JOIN (
    SELECT DISTINCT t.version_id AS version_id, t.category_id AS category_id FROM destination_consent AS t
) AS e ON e.version_id = j.version_id AND e.category_id = k.category_id
LEFT JOIN category_near_miss AS m ON m.version_id = j.version_id AND m.name = k.category_id
-- at RudderStack an id is also known by the setting of a destination that names it
WHERE c.category_id IS NULL AND (j.rudder = FALSE OR e.category_id IS NULL)
UNION ALL
-- a word of another tool's stamp that nobody gave a meaning, for a category the policy has
SELECT DISTINCT
    j.signature_id AS signature_id,
    j.version_id AS version_id,
    j.source_id AS source_id,
    CAST(NULL AS BIGINT) AS destination_id,
    'X35' AS code,
    r.category_id AS detail,
    CAST(NULL AS TIMESTAMP) AS since,
    TRUE AS certain
FROM judged AS j
INNER JOIN stamp_reading AS r ON r.version_id = j.version_id AND r.stamp_id = j.stamp_id
INNER JOIN category AS c ON c.version_id = r.version_id AND c.category_id = r.category_id
WHERE r.says = 'unreadable'
UNION ALL
SELECT
    b.signature_id AS signature_id,
    b.version_id AS version_id,
    b.source_id AS source_id,
    b.destination_id AS destination_id,
    b.code AS code,
    CAST(NULL AS VARCHAR) AS detail,
    CAST(NULL AS TIMESTAMP) AS since,
    b.certain AS certain
FROM bundle_fault AS b
