-- The rows of one warehouse table that arrived inside the window; a row without a readable arrival is inside.
-- core: what two rows of one event have in common in every table it is in.
INSERT INTO warehouse_row
SELECT
    w.*,
    hash(nullif(trim(w.anonymous_id), ''), nullif(trim(w.user_id), ''), coalesce(w.event_at, w.original_at)) AS core
FROM incoming_table AS w
CROSS JOIN arrival_window AS a
WHERE coalesce(try_cast(coalesce(w.received_at, w.event_at) AS TIMESTAMP) >= a.since, TRUE)
    AND coalesce(try_cast(coalesce(w.received_at, w.event_at) AS TIMESTAMP) < a.until, TRUE)
