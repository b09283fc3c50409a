-- For people: one row per destination that needs consent: what became of refusals and grants there. tested: refusals
-- after which the subject still sent events that could go there. ignored: those after which something was delivered. possible:
-- those after which something may have been, of a message id that several events share.
-- Delays are in seconds, from the refusal to the last delivery of an event collected after it, over the ignored ones;
-- from the grant to the first delivery, over those that had one. leaking: see
-- withdrawal. deliveries, split by what the event's own stamp said: see delivery_after_refusal.
WITH refused AS (
    SELECT
        w.destination_id,
        count(*) AS refusals,
        count(*) FILTER (w.chances > 0) AS tested,
        count(*) FILTER (w.deliveries > 0) AS ignored,
        count(*) FILTER (w.deliveries = 0 AND w.possible > 0) AS possible,
        count(*) FILTER (w.leaking) AS leaking,
        quantile_cont(epoch(w.last_at - w.refused_at), 0.5) FILTER (w.deliveries > 0) AS delay_p50,
        quantile_cont(epoch(w.last_at - w.refused_at), 0.95) FILTER (w.deliveries > 0) AS delay_p95,
        max(epoch(w.last_at - w.refused_at)) FILTER (w.deliveries > 0) AS delay_max,
        max(w.last_at) AS last_at
    FROM withdrawal AS w
    GROUP BY w.destination_id
),
counted AS (
    SELECT
        x.destination_id,
        count(DISTINCT (x.subject_kind, x.subject_id)) FILTER (x.collected = 'after') AS people,
        count(DISTINCT x.event_id) FILTER (x.collected = 'after') AS events,
        count(DISTINCT x.delivery_id) FILTER (x.collected = 'after') AS deliveries,
        count(DISTINCT x.delivery_id) FILTER (x.collected = 'after' AND x.stamp = 'refused') AS stamp_refused,
        count(DISTINCT x.delivery_id) FILTER (x.collected = 'after' AND x.stamp = 'granted') AS stamp_granted,
        count(DISTINCT x.delivery_id) FILTER (x.collected = 'after' AND x.stamp = 'none') AS stamp_none,
        count(DISTINCT x.delivery_id) FILTER (x.collected = 'after' AND x.other_device) AS other_device,
        count(DISTINCT x.delivery_id) FILTER (x.collected = 'before') AS sent_late
    FROM delivery_after_refusal AS x
    WHERE x.sure
    GROUP BY x.destination_id
),
granted AS (
    SELECT
        g.destination_id,
        count(*) AS grants,
        count(*) FILTER (g.chances > 0) AS grants_tested,
        count(*) FILTER (g.chances > 0 AND g.first_at IS NULL AND NOT g.possible) AS grants_unused,
        quantile_cont(epoch(g.first_at - g.granted_at), 0.5) AS first_p50,
        quantile_cont(epoch(g.first_at - g.granted_at), 0.95) AS first_p95,
        max(epoch(g.first_at - g.granted_at)) AS first_max
    FROM consent_grant AS g
    GROUP BY g.destination_id
)
SELECT
    d.name AS destination, d.kind,
    coalesce(r.refusals, 0) AS refusals, coalesce(r.tested, 0) AS tested, coalesce(r.ignored, 0) AS ignored,
    coalesce(r.possible, 0) AS possible, coalesce(r.leaking, 0) AS leaking, coalesce(x.people, 0) AS people, coalesce(x.events, 0) AS events,
    coalesce(x.deliveries, 0) AS deliveries, coalesce(x.stamp_refused, 0) AS stamp_refused,
    coalesce(x.stamp_granted, 0) AS stamp_granted, coalesce(x.stamp_none, 0) AS stamp_none,
    coalesce(x.other_device, 0) AS other_device, coalesce(x.sent_late, 0) AS sent_late,
    r.delay_p50, r.delay_p95, r.delay_max, r.last_at,
    coalesce(g.grants, 0) AS grants, coalesce(g.grants_tested, 0) AS grants_tested,
    coalesce(g.grants_unused, 0) AS grants_unused, g.first_p50, g.first_p95, g.first_max
FROM destination AS d
INNER JOIN newest_version AS n ON n.version_id = d.version_id
LEFT JOIN refused AS r ON r.destination_id = d.destination_id
LEFT JOIN counted AS x ON x.destination_id = d.destination_id
LEFT JOIN granted AS g ON g.destination_id = d.destination_id
WHERE r.destination_id IS NOT NULL OR g.destination_id IS NOT NULL
