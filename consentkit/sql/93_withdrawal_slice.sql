-- One row per destination, day of refusal, whole hours after it and what the events themselves said: the refusals after which
-- the subject still sent events, and those of them after which something was delivered until the end of these hours.
-- The check withdrawal fails where hours is more than an expectation allows; null hours: nothing was delivered.
-- possible: every such delivery is of another device than the refusal, or may be of another event that shares its message id. Rules: RULES.md 2.4; see withdrawal.
SELECT
    'withdrawal' AS code,
    d.name AS destination,
    CASE
        WHEN w.deliveries = 0 THEN CASE WHEN w.possible > 0 THEN 'message ids that several events share' END
        WHEN w.stamp_refused > 0 THEN 'events said no'
        WHEN w.stamp_none > 0 THEN 'events without a consent object'
        WHEN w.stamp_granted > 0 THEN 'events said yes'
        ELSE 'events said nothing clear'
    END AS detail,
    CAST(w.refused_at AS DATE) AS day,
    CAST(ceil(epoch((CASE WHEN w.deliveries > 0 THEN w.last_at ELSE w.possible_at END) - w.refused_at) / 3600) AS BIGINT) AS hours,
    count(*) AS checked,
    CAST(0 AS BIGINT) AS unclear,
    count(*) FILTER (w.deliveries > 0 OR w.possible > 0) AS failing,
    count(*) FILTER ((w.deliveries > 0 OR w.possible > 0) AND w.other_device >= w.deliveries) AS possible,
    min(w.refusal_event_id) FILTER (w.deliveries > 0 OR w.possible > 0) AS sample_event_id,
    CAST(NULL AS BIGINT) AS sample_delivery_id
FROM withdrawal AS w
CROSS JOIN newest_version AS n
INNER JOIN destination AS d ON d.version_id = n.version_id AND d.destination_id = w.destination_id
WHERE w.chances > 0 OR w.deliveries > 0 OR w.possible > 0
GROUP BY ALL
