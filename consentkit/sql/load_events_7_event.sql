-- The events of this slice, each with its situation. Times become naive UTC; a number is seconds or
-- milliseconds since 1970; where timestamp cannot be read originalTimestamp stands in; else the event
-- is undated, never out.
INSERT INTO event
WITH timed AS (
    SELECT
        i.*,
        CASE WHEN contains(i.event_at, '/') THEN NULL ELSE try_cast(i.event_at AS TIMESTAMP) END AS plain_at
    FROM incoming AS i
    WHERE i.reject_code IS NULL
),
dated AS (
    SELECT
        t.*,
        CASE
            WHEN t.plain_at IS NOT NULL OR t.event_at IS NULL THEN t.plain_at
            WHEN contains(t.event_at, '/') THEN try_cast(t.event_at AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
            WHEN try_cast(t.event_at AS BIGINT) BETWEEN 100000000 AND 9999999999
                THEN make_timestamp(CAST(t.event_at AS BIGINT) * 1000000)
            WHEN try_cast(t.event_at AS BIGINT) BETWEEN 100000000000 AND 9999999999999
                THEN make_timestamp(CAST(t.event_at AS BIGINT) * 1000)
            ELSE coalesce(try_cast(upper(t.event_at) AS TIMESTAMP), try_cast(t.original_at AS TIMESTAMP))
        END AS read_at
    FROM timed AS t
)
SELECT
    d.file_id::BIGINT * 10000000000 + d.line, d.file_id, d.line, d.message_id, d.message_key, d.payload_key,
    g.signature_id, d.type, d.name, d.anonymous_id, d.user_id,
    CASE WHEN d.user_id IS NOT NULL THEN hash('u', d.user_id) WHEN d.anonymous_id IS NOT NULL THEN hash('a', d.anonymous_id) END,
    CASE WHEN d.read_at BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9998-12-31' THEN d.read_at END AS event_at,
    try_cast(d.received_at AS TIMESTAMP), try_cast(d.sent_at AS TIMESTAMP),
    d.event_at IS NOT NULL AND (d.read_at IS NULL OR d.read_at NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9998-12-31'),
    d.library, d.library_version, d.app_version, d.country
FROM dated AS d
INNER JOIN situation AS s ON s.situation_key = d.situation_key
INNER JOIN signature AS g
    ON g.stamp_id = s.stamp_id AND g.integrations_id = s.integrations_id AND g.kind = s.kind AND g.named = s.named AND g.deduping = s.deduping
    AND g.source_given IS NOT DISTINCT FROM s.source_given AND g.source_key IS NOT DISTINCT FROM s.source_key
