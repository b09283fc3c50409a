-- One row per delivery record and finding it is. Where a message id is shared by several events it is
-- certain only if it holds for all of them, and the event is the first it holds for.
WITH found AS (
    SELECT
        f.code AS code,
        f.source_id AS source_id,
        f.destination_id AS destination_id,
        f.version_id AS version_id,
        q.delivery_id AS delivery_id,
        q.event_id AS event_id,
        q.person_key AS person_key,
        COALESCE(q.event_at, q.logged_at) AS seen_at,
        q.candidates AS candidates,
        q.place AS place,
        CASE WHEN f.certain = TRUE AND q.settled = TRUE THEN 1 ELSE 0 END AS certain
    FROM delivery_situation AS q
    INNER JOIN delivery_fault AS f
        ON f.signature_id = q.signature_id AND f.version_id = q.version_id AND f.route_id = q.route_id
),
doubtful AS (
    SELECT
        w.code AS code,
        w.source_id AS source_id,
        w.destination_id AS destination_id,
        w.version_id AS version_id,
        w.delivery_id AS delivery_id,
        w.event_id AS event_id,
        w.person_key AS person_key,
        w.seen_at AS seen_at,
        w.candidates AS candidates,
        w.certain AS certain,
        w.place AS place,
        MIN(w.place) OVER (PARTITION BY w.code, w.destination_id, w.delivery_id) AS first_place
    FROM found AS w
    WHERE w.candidates > 1
)
SELECT
    w.code AS code,
    CASE WHEN w.certain = 1 THEN 'certain' ELSE 'possible' END AS certainty,
    w.source_id AS source_id,
    w.destination_id AS destination_id,
    w.version_id AS version_id,
    w.delivery_id AS delivery_id,
    w.event_id AS event_id,
    w.person_key AS person_key,
    w.seen_at AS seen_at
FROM found AS w
WHERE w.candidates = 1
UNION ALL
SELECT
    w.code AS code,
    CASE WHEN SUM(w.certain) = MAX(w.candidates) THEN 'certain' ELSE 'possible' END AS certainty,
    MIN(w.source_id) AS source_id,
    w.destination_id AS destination_id,
    MIN(w.version_id) AS version_id,
    w.delivery_id AS delivery_id,
    MIN(CASE WHEN w.place = w.first_place THEN w.event_id END) AS event_id,
    MIN(w.person_key) AS person_key,
    MIN(w.seen_at) AS seen_at
FROM doubtful AS w
GROUP BY w.code, w.destination_id, w.delivery_id
