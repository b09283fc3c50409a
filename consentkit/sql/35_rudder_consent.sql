-- One row per routing situation and destination at RudderStack: what consent alone says (RULES.md 4).
-- The server decides by what is denied, the browser SDK and the documentation by what is allowed.
WITH denied_any AS (
    SELECT k.stamp_id AS stamp_id, COUNT(*) AS ids FROM stamp_listed AS k WHERE k.side = 'denied' GROUP BY k.stamp_id
),
generic_any AS (
    SELECT c.version_id AS version_id, c.source_id AS source_id, c.destination_id AS destination_id, COUNT(*) AS ids
    FROM consent_setting AS c
    WHERE c.legacy = FALSE
    GROUP BY c.version_id, c.source_id, c.destination_id
),
gathered AS (
    SELECT
        g.signature_id AS signature_id,
        p.point AS point,
        d.version_id AS version_id,
        d.destination_id AS destination_id,
        s.rudder_form AS form,
        s.provider AS provider,
        COALESCE(n.ids, 0) AS denied_ids,
        COALESCE(x.ids, 0) AS generic_ids,
        CASE WHEN s.provider IN ('custom', 'iubenda') AND p.point = 'rudder-js' THEN COALESCE(q.strategy, s.strategy)
            WHEN s.provider = 'custom' THEN COALESCE(q.strategy, '')
            ELSE s.strategy END AS strategy,
        COALESCE(q.configured, 0) AS q_configured,
        COALESCE(q.denied, 0) AS q_denied,
        COALESCE(q.allowed, 0) AS q_allowed,
        COALESCE(q.allowed_trimmed, 0) AS q_trimmed,
        COALESCE(o.configured, 0) AS o_configured,
        COALESCE(o.denied, 0) AS o_denied,
        COALESCE(o.allowed_trimmed, 0) AS o_trimmed,
        COALESCE(k.configured, 0) AS k_configured,
        COALESCE(k.denied, 0) AS k_denied,
        COALESCE(k.allowed_trimmed, 0) AS k_trimmed
    FROM signature AS g
    INNER JOIN signature_point AS p ON p.signature_id = g.signature_id AND p.point IN ('rudder-server', 'rudder-js')
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    INNER JOIN destination AS d ON d.version_id = p.version_id AND d.kind <> 'platform'
    LEFT JOIN denied_any AS n ON n.stamp_id = g.stamp_id
    LEFT JOIN generic_any AS x
        ON x.version_id = p.version_id AND x.source_id = p.source_id AND x.destination_id = d.destination_id
    LEFT JOIN setting_account AS q
        ON q.stamp_id = g.stamp_id AND q.version_id = p.version_id AND q.source_id = p.source_id
        AND q.destination_id = d.destination_id AND q.legacy = FALSE AND q.provider = s.provider
    LEFT JOIN setting_account AS o
        ON o.stamp_id = g.stamp_id AND o.version_id = p.version_id AND o.source_id = p.source_id
        AND o.destination_id = d.destination_id AND o.legacy = TRUE AND o.provider = 'oneTrust'
        AND s.provider IN ('', 'oneTrust')
    LEFT JOIN setting_account AS k
        ON k.stamp_id = g.stamp_id AND k.version_id = p.version_id AND k.source_id = p.source_id
        AND k.destination_id = d.destination_id AND k.legacy = TRUE AND k.provider = 'ketch'
        AND s.provider IN ('', 'ketch')
),
by_allowed AS (
    SELECT
        a.signature_id AS signature_id,
        a.version_id AS version_id,
        a.destination_id AS destination_id,
        CASE
            WHEN a.form <> 'given' OR a.provider = '' THEN 'not_initialised'
            WHEN a.q_configured > 0 AND a.strategy = 'or' THEN CASE WHEN a.q_trimmed > 0 THEN 'allowed' ELSE 'not_allowed' END
            WHEN a.q_configured > 0 THEN CASE WHEN a.q_trimmed = a.q_configured THEN 'allowed' ELSE 'not_allowed' END
            WHEN a.generic_ids > 0 THEN 'other_provider'
            WHEN a.o_configured > 0 THEN CASE WHEN a.o_trimmed = a.o_configured THEN 'allowed' ELSE 'not_allowed' END
            WHEN a.k_configured > 0 THEN CASE WHEN a.k_trimmed > 0 THEN 'allowed' ELSE 'not_allowed' END
            ELSE 'unmapped'
        END AS reason
    FROM gathered AS a
)
SELECT
    a.signature_id AS signature_id,
    a.version_id AS version_id,
    a.destination_id AS destination_id,
    CASE
        WHEN a.point = 'rudder-js' THEN b.reason
        WHEN a.form = 'absent' THEN 'no_consent_object'
        WHEN a.form = 'malformed' THEN 'malformed_let_through'
        WHEN a.denied_ids = 0 THEN 'nothing_denied'
        WHEN a.q_configured > 0 AND a.strategy = 'or' THEN CASE WHEN a.q_denied = a.q_configured THEN 'denied' ELSE 'not_denied' END
        WHEN a.q_configured > 0 THEN CASE WHEN a.q_denied > 0 THEN 'denied' ELSE 'not_denied' END
        WHEN a.provider = 'custom' THEN 'unmapped'
        WHEN a.o_configured > 0 AND a.o_denied > 0 THEN 'denied'
        WHEN a.k_configured > 0 AND a.k_denied = a.k_configured THEN 'denied'
        WHEN a.o_configured + a.k_configured > 0 THEN 'not_denied'
        ELSE 'unmapped'
    END AS reason,
    -- the documentation: an event that lacks the allowed ids is dropped
    CASE
        WHEN a.point = 'rudder-js' THEN b.reason
        WHEN a.form = 'absent' THEN 'no_consent_object'
        WHEN a.form = 'malformed' THEN 'malformed_let_through'
        WHEN a.q_configured > 0 AND a.strategy = 'or' THEN CASE WHEN a.q_allowed > 0 THEN 'allowed' ELSE 'not_allowed' END
        WHEN a.q_configured > 0 THEN CASE WHEN a.q_allowed = a.q_configured THEN 'allowed' ELSE 'not_allowed' END
        WHEN a.denied_ids = 0 THEN 'nothing_denied'
        WHEN a.provider = 'custom' THEN 'unmapped'
        WHEN a.o_configured > 0 AND a.o_denied > 0 THEN 'denied'
        WHEN a.k_configured > 0 AND a.k_denied = a.k_configured THEN 'denied'
        WHEN a.o_configured + a.k_configured > 0 THEN 'not_denied'
        ELSE 'unmapped'
    END AS documented
FROM gathered AS a
INNER JOIN by_allowed AS b
    ON b.signature_id = a.signature_id AND b.version_id = a.version_id AND b.destination_id = a.destination_id
