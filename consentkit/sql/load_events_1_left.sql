-- The lines of this slice that are not events yet.
CREATE OR REPLACE TEMP TABLE left_line AS
SELECT l.file_id, l.line, l.text, l.raw
FROM slice_line AS l
WHERE NOT EXISTS (
    SELECT 1 FROM event AS e
    WHERE e.event_id = l.file_id::BIGINT * 10000000000 + l.line
        AND e.event_id >= (SELECT min(x.file_id::BIGINT * 10000000000 + x.line) FROM slice_line AS x)
)
