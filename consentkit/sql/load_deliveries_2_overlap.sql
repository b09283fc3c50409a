-- The stretch of time in which records of the group may stand in another file as well, as far as the times of the files
-- tell; says whether there is one. Records without a time may always, where two files have some.
CREATE OR REPLACE TEMP TABLE log_overlap AS
WITH span AS (
    SELECT
        d.file_id, TRUE AS is_new, min(d.logged_at) AS first_at, max(d.logged_at) AS last_at,
        count(*) > count(d.logged_at) AS undated
    FROM delivery AS d
    WHERE d.file_id IN (SELECT r.file_id FROM reading_file AS r)
        AND d.delivery_id >= (SELECT min(r.file_id)::BIGINT * 10000000000 FROM reading_file AS r)
    GROUP BY d.file_id
    UNION ALL
    SELECT f.file_id, FALSE, f.first_at, f.last_at, f.undated > 0
    FROM input_file AS f
    WHERE f.kind = 'deliveries'
),
-- until when the files reach that begin before it, any of them and the new ones
reached AS (
    SELECT
        s.is_new, s.first_at, s.last_at,
        max(s.last_at) OVER earlier AS reached,
        max(CASE WHEN s.is_new THEN s.last_at END) OVER earlier AS new_reached
    FROM span AS s
    WHERE s.first_at IS NOT NULL
    WINDOW earlier AS (ORDER BY s.first_at, s.file_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
shared AS (
    SELECT r.first_at AS from_at, least(r.last_at, CASE WHEN r.is_new THEN r.reached ELSE r.new_reached END) AS to_at
    FROM reached AS r
    WHERE CASE WHEN r.is_new THEN r.reached ELSE r.new_reached END >= r.first_at
),
undated AS (
    SELECT count(*) > 1 AND bool_or(s.is_new) AS shared FROM span AS s WHERE s.undated
)
SELECT o.from_at, o.to_at, coalesce(u.shared, FALSE) AS undated
FROM (SELECT min(s.from_at) AS from_at, max(s.to_at) AS to_at FROM shared AS s) AS o
CROSS JOIN undated AS u
WHERE o.from_at IS NOT NULL OR u.shared;

CREATE OR REPLACE TEMP TABLE repeated_delivery (delivery_id BIGINT, file_id INTEGER);

SELECT count(*) FROM log_overlap
