-- The rows of one warehouse table that arrived inside the window; a row without a readable arrival is inside.
-- core: what two rows of one event have in common in every table it is in. A time that is a number counts seconds since
-- 1970, or thousandths, millionths or thousand-millionths of one: its size tells which.
CREATE OR REPLACE TEMP MACRO as_time(t) AS
    CASE
        WHEN contains(t, '-') OR try_cast(t AS DECIMAL(38, 9)) IS NULL THEN t
        WHEN try_cast(t AS DECIMAL(38, 9)) BETWEEN 1e8 AND 1e10 - 1 THEN make_timestamp(CAST(CAST(t AS DECIMAL(38, 9)) * 1000000 AS BIGINT))::VARCHAR
        WHEN try_cast(t AS DECIMAL(38, 9)) BETWEEN 1e11 AND 1e13 - 1 THEN make_timestamp(CAST(CAST(t AS DECIMAL(38, 9)) * 1000 AS BIGINT))::VARCHAR
        WHEN try_cast(t AS DECIMAL(38, 9)) BETWEEN 1e14 AND 1e16 - 1 THEN make_timestamp(CAST(CAST(t AS DECIMAL(38, 9)) AS BIGINT))::VARCHAR
        WHEN try_cast(t AS DECIMAL(38, 9)) BETWEEN 1e17 AND 1e19 - 1 THEN make_timestamp(CAST(CAST(t AS DECIMAL(38, 9)) / 1000 AS BIGINT))::VARCHAR
        ELSE t
    END;

INSERT INTO warehouse_row
WITH timed AS (
    SELECT
        w.* REPLACE (
            as_time(w.event_at) AS event_at, as_time(w.original_at) AS original_at,
            as_time(w.received_at) AS received_at, as_time(w.sent_at) AS sent_at
        )
    FROM incoming_table AS w
)
SELECT
    w.*,
    hash(nullif(trim(w.anonymous_id), ''), nullif(trim(w.user_id), ''), coalesce(w.event_at, w.original_at)) AS core
FROM timed AS w
CROSS JOIN arrival_window AS a
WHERE (a.since IS NULL OR coalesce(as_utc(coalesce(w.received_at, w.event_at)) >= a.since, TRUE))
    AND (a.until IS NULL OR coalesce(as_utc(coalesce(w.received_at, w.event_at)) < a.until, TRUE))
