-- One row per destination, day and finding that counts alone show: n too many or too few, out of out_of (RULES.md 10).
-- X25 more deliveries than the rules allow: certain, unless late events of the day before, events a warehouse does not show, or
-- files that count the same could explain it; what is certain is what the file with the most of it shows alone.
-- An Actions destination may count an event once for each of its mappings: certain only where it settles no more than there
-- are events, each once, or where nothing at all may be delivered.
-- X26 fewer consent discards than events refused: possible, because an overview may lack some of them.
WITH beyond AS (
    SELECT
        CASE
            WHEN r.whole = FALSE OR r.delivered_in_one - r.allowed <= r.late THEN 'possible'
            WHEN d.kind = 'actions' AND r.settled > r.events + r.late AND r.allowed + r.late > 0 THEN 'possible'
            ELSE 'certain'
        END AS certainty,
        r.destination_id AS destination_id,
        d.name AS destination,
        r.day AS day,
        r.allowed AS allowed,
        r.delivered AS delivered,
        r.delivered_in_one AS delivered_in_one
    FROM count_reconciled AS r
    CROSS JOIN newest_version AS v
    INNER JOIN destination AS d ON d.version_id = v.version_id AND d.destination_id = r.destination_id
    WHERE r.has_events = TRUE AND r.delivered > r.allowed AND d.known = TRUE
)
SELECT
    'X25' AS code,
    b.certainty AS certainty,
    b.destination_id AS destination_id,
    b.destination AS destination,
    b.day AS day,
    CASE WHEN b.certainty = 'certain' THEN b.delivered_in_one ELSE b.delivered END - b.allowed AS n,
    CASE WHEN b.certainty = 'certain' THEN b.delivered_in_one ELSE b.delivered END AS out_of
FROM beyond AS b
UNION ALL
SELECT
    'X26' AS code,
    'possible' AS certainty,
    r.destination_id AS destination_id,
    d.name AS destination,
    r.day AS day,
    r.refused - r.discarded AS n,
    r.refused AS out_of
FROM count_reconciled AS r
CROSS JOIN newest_version AS v
INNER JOIN destination AS d ON d.version_id = v.version_id AND d.destination_id = r.destination_id
WHERE r.has_events = TRUE AND r.refused > r.discarded AND d.known = TRUE
