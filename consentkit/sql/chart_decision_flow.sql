-- One row per answer, verdict and fate: how many pairs of an event and a destination connected to its source.
-- answer: what the event says, in whatever words, of the categories the destination needs; fate: what the delivery log tells.
WITH logged AS (
    SELECT r.signature_id, r.version_id, r.routes, CAST(sum(r.events) AS BIGINT) AS n
    FROM event_routes AS r
    WHERE r.version_id IS NOT NULL
    GROUP BY r.signature_id, r.version_id, r.routes
),
fate AS (
    SELECT
        l.signature_id, l.version_id, l.routes, l.n, m.destination_id,
        max(CASE m.status WHEN 'delivered' THEN 4 WHEN 'filtered' THEN 3 WHEN 'failed' THEN 2 WHEN 'rejected' THEN 2 ELSE 1 END) AS fate
    FROM logged AS l
    CROSS JOIN unnest(l.routes) AS u(route_id)
    INNER JOIN route_meaning AS m ON m.route_id = u.route_id AND m.version_id = l.version_id
    GROUP BY l.signature_id, l.version_id, l.routes, l.n, m.destination_id
),
met AS (
    SELECT f.signature_id, f.version_id, f.destination_id, f.fate, sum(f.n) AS n
    FROM fate AS f
    GROUP BY f.signature_id, f.version_id, f.destination_id, f.fate
),
counted AS (
    SELECT f.signature_id, f.version_id, count(*) AS n
    FROM event_in_force AS f
    WHERE f.version_id IS NOT NULL
    GROUP BY f.signature_id, f.version_id
),
allowance AS (
    SELECT
        q.stamp_id, q.version_id, q.source_id, q.destination_id,
        coalesce(sum(q.configured) FILTER (q.provider = s.provider OR (q.legacy AND s.provider = '')), 0) AS configured,
        coalesce(sum(q.allowed) FILTER (q.provider = s.provider OR (q.legacy AND s.provider = '')), 0) AS allowed
    FROM setting_account AS q
    INNER JOIN stamp AS s ON s.stamp_id = q.stamp_id
    GROUP BY q.stamp_id, q.version_id, q.source_id, q.destination_id
),
pair AS (
    SELECT
        x.signature_id, x.version_id, x.destination_id,
        CASE
            WHEN x.consent_says = 'deny' THEN 'refused'
            WHEN x.other_stamp = 'refused' AND x.consent_reason NOT IN ('exempt', 'preference_event', 'preference_event_unsaid') THEN 'refused'
            WHEN x.consent_says = 'unclear' THEN 'cannot tell'
            WHEN x.consent_reason IN ('no_consent_object', 'empty_consent_object', 'malformed_let_through', 'not_initialised') THEN
                CASE WHEN x.other_stamp = 'granted' THEN 'granted' WHEN w.needs_consent THEN 'silent' ELSE 'needs none' END
            -- RudderStack's server looks at what is denied: that nothing is does not say that all is allowed
            WHEN x.consent_reason IN ('nothing_denied', 'not_denied', 'other_provider', 'unmapped') AND x.point IN ('rudder-server', 'rudder-js') THEN
                CASE WHEN a.configured IS NULL THEN 'needs none' WHEN (a.configured > 0 AND a.allowed = a.configured) OR x.documented_reason = 'allowed' THEN 'granted' ELSE 'silent' END
            WHEN x.consent_reason IN ('unmapped', 'exempt', 'preference_event', 'consent_off', 'unmapped_needs_it') THEN 'needs none'
            ELSE 'granted'
        END AS answer,
        c.n
    FROM decision AS x
    INNER JOIN destination_need AS w ON w.version_id = x.version_id AND w.destination_id = x.destination_id
    INNER JOIN counted AS c ON c.signature_id = x.signature_id AND c.version_id = x.version_id
    INNER JOIN destination AS d ON d.version_id = x.version_id AND d.destination_id = x.destination_id
    INNER JOIN signature AS g ON g.signature_id = x.signature_id
    LEFT JOIN allowance AS a
        ON a.version_id = x.version_id AND a.source_id = x.source_id AND a.destination_id = x.destination_id AND a.stamp_id = g.stamp_id
    WHERE x.connected AND d.known AND d.kind <> 'platform'
),
settled AS (
    SELECT p.answer, m.fate, m.n
    FROM pair AS p
    INNER JOIN met AS m
        ON m.signature_id = p.signature_id AND m.version_id = p.version_id AND m.destination_id = p.destination_id
    UNION ALL
    SELECT p.answer, 0 AS fate, p.n FROM pair AS p
    UNION ALL
    SELECT p.answer, 0 AS fate, -m.n AS n
    FROM pair AS p
    INNER JOIN met AS m
        ON m.signature_id = p.signature_id AND m.version_id = p.version_id AND m.destination_id = p.destination_id
)
SELECT
    s.answer,
    CASE s.fate WHEN 4 THEN 'delivered' WHEN 3 THEN 'held back' WHEN 2 THEN 'failed' WHEN 1 THEN 'other' ELSE 'no record' END AS fate,
    CAST(sum(s.n) AS BIGINT) AS n
FROM settled AS s
GROUP BY s.answer, s.fate
HAVING sum(s.n) > 0
ORDER BY s.answer, fate
