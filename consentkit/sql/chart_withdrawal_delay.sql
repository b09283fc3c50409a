-- One row per destination and length of time: refusals after which the subject still sent events that could go there, by
-- how long after the refusal the last of them was delivered. within is the upper end: none, 5 minutes, ..., longer;
-- or cannot tell, where only a message id that several events share may be of such an event.
SELECT
    d.name AS destination,
    CASE
        WHEN w.deliveries = 0 AND w.possible > 0 THEN 'cannot tell'
        WHEN w.deliveries = 0 THEN 'none'
        WHEN w.last_at - w.refused_at <= INTERVAL 5 MINUTE THEN '5 minutes'
        WHEN w.last_at - w.refused_at <= INTERVAL 1 HOUR THEN '1 hour'
        WHEN w.last_at - w.refused_at <= INTERVAL 1 DAY THEN '1 day'
        WHEN w.last_at - w.refused_at <= INTERVAL 7 DAY THEN '1 week'
        ELSE 'longer'
    END AS within,
    count(*) AS refusals,
    count(*) FILTER (w.leaking) AS leaking,
    count(DISTINCT (w.subject_kind, w.subject_id)) AS people,
    CAST(sum(w.events) AS BIGINT) AS events,
    max(epoch(w.last_at - w.refused_at)) FILTER (w.deliveries > 0) AS longest
FROM withdrawal AS w
INNER JOIN newest_version AS n ON TRUE
INNER JOIN destination AS d ON d.version_id = n.version_id AND d.destination_id = w.destination_id
WHERE w.chances > 0
GROUP BY ALL
ORDER BY ALL
