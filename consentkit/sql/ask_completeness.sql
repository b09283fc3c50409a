-- The account of every file and warehouse table read; why its lines were rejected, the most frequent reason first.
WITH reason AS (
    SELECT r.file_id, r.code, count(*) AS lines
    FROM rejected_line AS r
    GROUP BY r.file_id, r.code
),
told AS (
    SELECT r.file_id, string_agg(r.code || ': ' || r.lines, ', ' ORDER BY r.lines DESC, r.code) AS reasons
    FROM reason AS r
    GROUP BY r.file_id
)
SELECT
    f.kind, f.path, f.source_given AS source, f.bytes, f.sha256, f.lines, f.loaded, f.rejected,
    t.reasons AS rejected_because, f.duplicates, f.undated, f.first_at, f.last_at, f.problem
FROM input_file AS f
LEFT JOIN told AS t ON t.file_id = f.file_id
ORDER BY f.file_id
