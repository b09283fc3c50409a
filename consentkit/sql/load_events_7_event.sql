-- The events of this slice, each with its situation. Times become naive UTC; a number is seconds or
-- milliseconds since 1970; where timestamp cannot be read originalTimestamp stands in; else the event
-- is undated, never out.
INSERT INTO event
WITH timed AS (
    SELECT
        i.*,
        as_utc(i.event_at) AS plain_at
    FROM incoming AS i
),
dated AS (
    SELECT
        t.*,
        CASE
            WHEN t.plain_at IS NOT NULL OR t.event_at IS NULL THEN t.plain_at
            WHEN try_cast(t.event_at AS BIGINT) BETWEEN 100000000 AND 9999999999
                THEN make_timestamp(CAST(t.event_at AS BIGINT) * 1000000)
            WHEN try_cast(t.event_at AS BIGINT) BETWEEN 100000000000 AND 9999999999999
                THEN make_timestamp(CAST(t.event_at AS BIGINT) * 1000)
            ELSE coalesce(as_utc(upper(t.event_at)), as_utc(t.original_at))
        END AS read_at
    FROM timed AS t
),
placed AS (
    SELECT
        d.*,
        CASE WHEN d.read_at BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9998-12-31' THEN d.read_at END AS happened_at,
        as_utc(d.received_at) AS arrived_at
    FROM dated AS d
)
SELECT
    d.file_id::BIGINT * 10000000000 + d.line, d.file_id, d.line, d.message_id, d.message_key, d.payload_key,
    g.signature_id, d.type, d.name, d.anonymous_id, d.user_id,
    CASE WHEN d.user_id IS NOT NULL THEN hash('u', d.user_id) WHEN d.anonymous_id IS NOT NULL THEN hash('a', d.anonymous_id) END,
    d.happened_at, d.arrived_at, as_utc(d.sent_at),
    d.event_at IS NOT NULL AND d.happened_at IS NULL,
    d.library, d.library_version, d.app_version, d.country, d.previous_id,
    greatest(d.happened_at, coalesce(d.arrived_at, d.happened_at)) + INTERVAL 5 MINUTE
FROM placed AS d
INNER JOIN situation_signature AS g ON g.situation_key = d.situation_key
