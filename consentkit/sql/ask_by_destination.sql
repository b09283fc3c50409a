-- One row per destination: what it got and what it should not have got, the worst first. Refused is what a stamp of another
-- tool refuses too, as in the check of it. loaded_although_refused counts
-- events, since no delivery record tells of them: their page had loaded the destination, which so got them (X37).
-- delivered_possibly_refused: the same of which the data leaves a doubt; the first two are certain, unmapped_of_refusers may be either.
-- delivered_unchecked: the event says nothing of what the destination needs; delivered_unjudged: nobody could tell.
WITH faults AS (
    SELECT
        f.destination_id,
        count(*) FILTER (f.code IN ('V5', 'V6', 'V26', 'X33') AND f.certainty = 'certain') AS refused,
        count(*) FILTER (f.code = 'V7' AND f.certainty = 'certain') AS integrations,
        count(*) FILTER (f.code IN ('V5', 'V6', 'V26', 'X33', 'V7') AND f.certainty = 'possible') AS possibly,
        count(*) FILTER (f.code = 'V18') AS unmapped_refusers,
        count(*) FILTER (f.code = 'V8') AS overblocked,
        count(DISTINCT f.event_id) FILTER (f.code = 'X37') AS loaded
    FROM finding_any AS f
    WHERE f.code IN ('V5', 'V6', 'V26', 'X33', 'V7', 'V18', 'V8', 'X37')
    GROUP BY f.destination_id
),
held AS (
    SELECT
        c.destination_id,
        coalesce(sum(c.deliveries) FILTER (c.standing = 'silent'), 0) AS unchecked,
        coalesce(sum(c.deliveries) FILTER (c.kind = 'unjudged'), 0) AS unclear
    FROM standing_count AS c
    GROUP BY c.destination_id
)
SELECT
    d.destination, d.kind, d.known, d.records, d.delivered,
    coalesce(f.refused, 0) AS delivered_although_refused,
    coalesce(f.integrations, 0) AS delivered_although_integrations_false,
    coalesce(f.possibly, 0) AS delivered_possibly_refused,
    coalesce(f.unmapped_refusers, 0) AS delivered_unmapped_of_refusers,
    CAST(coalesce(h.unchecked, 0) AS BIGINT) AS delivered_unchecked,
    CAST(coalesce(h.unclear, 0) AS BIGINT) AS delivered_unjudged,
    d.filtered,
    coalesce(f.overblocked, 0) AS blocked_although_granted,
    coalesce(f.loaded, 0) AS loaded_although_refused
FROM destination_count AS d
LEFT JOIN faults AS f ON f.destination_id = d.destination_id
LEFT JOIN held AS h ON h.destination_id = d.destination_id
WHERE (d.known AND d.kind <> 'platform') OR d.records > 0
ORDER BY
    delivered_although_refused DESC, loaded_although_refused DESC, delivered_although_integrations_false DESC,
    delivered_possibly_refused DESC, delivered_unmapped_of_refusers DESC,
    delivered_unchecked DESC, d.destination
