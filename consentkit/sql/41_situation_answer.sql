-- One row per routing situation and destination: what the event says, in whatever words, of the consent the destination
-- needs: refused, granted, silent, needs none, or cannot tell.
WITH allowance AS (
    SELECT
        q.stamp_id AS stamp_id,
        q.version_id AS version_id,
        q.source_id AS source_id,
        q.destination_id AS destination_id,
        SUM(CASE WHEN q.provider = s.provider OR (q.legacy = TRUE AND s.provider = '') THEN q.configured ELSE 0 END) AS configured,
        SUM(CASE WHEN q.provider = s.provider OR (q.legacy = TRUE AND s.provider = '') THEN q.allowed ELSE 0 END) AS allowed
    FROM setting_account AS q
    INNER JOIN stamp AS s ON s.stamp_id = q.stamp_id
    GROUP BY q.stamp_id, q.version_id, q.source_id, q.destination_id
)
SELECT
    x.signature_id AS signature_id,
    x.version_id AS version_id,
    x.destination_id AS destination_id,
    CASE
        WHEN x.consent_reason = 'rejected_at_ingestion' THEN 'cannot tell'
        WHEN x.consent_says = 'deny' THEN 'refused'
        WHEN x.other_stamp = 'refused' AND x.consent_reason NOT IN ('exempt', 'preference_event', 'preference_event_unsaid') THEN 'refused'
        WHEN x.consent_says = 'unclear' THEN 'cannot tell'
        WHEN x.consent_reason IN ('no_consent_object', 'empty_consent_object', 'malformed_let_through', 'not_initialised') THEN
            CASE WHEN x.other_stamp = 'granted' THEN 'granted' WHEN w.needs_consent = TRUE THEN 'silent' ELSE 'needs none' END
        -- RudderStack's server looks at what is denied: that nothing is does not say that all is allowed
        WHEN x.consent_reason IN ('nothing_denied', 'not_denied', 'other_provider', 'unmapped') AND x.point IN ('rudder-server', 'rudder-js') THEN
            CASE
                WHEN a.configured IS NULL THEN 'needs none'
                WHEN (a.configured > 0 AND a.allowed = a.configured) OR x.documented_reason = 'allowed' THEN 'granted'
                ELSE 'silent'
            END
        WHEN x.consent_reason IN ('unmapped', 'exempt', 'preference_event', 'consent_off', 'unmapped_needs_it') THEN 'needs none'
        WHEN x.consent_reason IN ('granted', 'allowed', 'some_consent') THEN 'granted'
        ELSE 'cannot tell'
    END AS answer
FROM decision AS x
INNER JOIN destination_need AS w ON w.version_id = x.version_id AND w.destination_id = x.destination_id
INNER JOIN signature AS g ON g.signature_id = x.signature_id
LEFT JOIN allowance AS a
    ON a.version_id = x.version_id AND a.source_id = x.source_id AND a.destination_id = x.destination_id AND a.stamp_id = g.stamp_id
