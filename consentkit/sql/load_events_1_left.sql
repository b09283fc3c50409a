-- The lines of this slice that are not events yet wait with those of earlier ones; says how many wait, and their bytes.
INSERT INTO left_line
SELECT l.file_id, l.line, l.text, l.raw
FROM slice_line AS l
WHERE NOT EXISTS (
    SELECT 1 FROM event AS e
    WHERE e.event_id = l.file_id::BIGINT * 10000000000 + l.line
        AND e.event_id >= (SELECT min(x.file_id::BIGINT * 10000000000 + x.line) FROM slice_line AS x)
);

SELECT count(*), coalesce(sum(coalesce(strlen(l.text), octet_length(l.raw))), 0) FROM left_line AS l
