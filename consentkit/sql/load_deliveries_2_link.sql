-- Each delivery record finds its event: by file and line where both are given, else by message id.
-- Records that find none, or not the line they name, are kept and tried again when more events are loaded.

-- An event file is meant by its path or by the end of it; with none named, by being the only one.
CREATE OR REPLACE TEMP TABLE meant_file AS
WITH named AS (
    SELECT DISTINCT d.event_file FROM incoming_delivery AS d WHERE d.event_line IS NOT NULL
),
matched AS (
    SELECT n.event_file, f.file_id
    FROM named AS n
    INNER JOIN input_file AS f
        ON f.kind = 'events' AND (n.event_file IS NULL OR f.path = n.event_file OR ends_with(f.path, '/' || n.event_file))
)
SELECT m.event_file, min(m.file_id) AS file_id
FROM matched AS m
GROUP BY m.event_file
HAVING count(*) = 1;

CREATE OR REPLACE TEMP TABLE linked_delivery AS
WITH routed AS (
    SELECT
        d.file_id::BIGINT * 10000000000 + d.line AS delivery_id, d.logged_at, d.message_id, d.event_file, d.event_line,
        r.route_id,
        m.file_id::BIGINT * 10000000000 + d.event_line AS place_id
    FROM incoming_delivery AS d
    INNER JOIN route AS r
        ON r.destination = d.destination
        AND r.status IS NOT DISTINCT FROM d.status
        AND r.reason IS NOT DISTINCT FROM d.reason
        AND r.mode IS NOT DISTINCT FROM d.mode
    LEFT JOIN meant_file AS m ON d.event_line IS NOT NULL AND m.event_file IS NOT DISTINCT FROM d.event_file
    WHERE d.reject_code IS NULL
),
found AS (
    SELECT
        r.*,
        coalesce(p.event_id, c.event_id) AS by_line,
        n.event_id AS by_message
    FROM routed AS r
    LEFT JOIN event AS p ON p.event_id = r.place_id
    LEFT JOIN duplicate_line AS c ON c.file_id::BIGINT * 10000000000 + c.line = r.place_id
    LEFT JOIN named_event AS n ON n.message_id = r.message_id
)
SELECT
    f.*,
    coalesce(f.by_line, f.by_message) AS event_id,
    CASE
        WHEN f.by_line IS NOT NULL AND f.event_file IS NULL THEN 'only_file'
        WHEN f.by_line IS NOT NULL THEN 'line'
        WHEN f.by_message IS NOT NULL THEN 'message_id'
    END AS linked_by
FROM found AS f;

INSERT INTO delivery (delivery_id, event_id, linked_by, route_id, logged_at)
SELECT l.delivery_id, l.event_id, l.linked_by, l.route_id, l.logged_at
FROM linked_delivery AS l;

-- How a record names its event is kept only while more events may change the link; a file alone names none.
INSERT INTO pending_delivery
SELECT l.delivery_id, l.message_id, CASE WHEN l.event_line IS NOT NULL THEN l.event_file END, l.event_line
FROM linked_delivery AS l
WHERE l.event_id IS NULL OR l.linked_by = 'only_file' OR (l.linked_by = 'message_id' AND l.event_line > 0);

DROP TABLE linked_delivery
