-- The lines of this slice that are not events yet wait with those of earlier ones.
INSERT INTO left_line
SELECT l.file_id, l.line, l.text, l.raw
FROM slice_line AS l
WHERE l.file_id::BIGINT * 10000000000 + l.line NOT IN (
    -- asked with NOT EXISTS, DuckDB would count the lines of the slice once more
    SELECT e.event_id
    FROM event AS e
    WHERE e.event_id >= (SELECT min(x.file_id::BIGINT * 10000000000 + x.line) FROM slice_line AS x)
)
