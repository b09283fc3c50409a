-- The account of every file read.
SELECT
    f.kind, f.path, f.source_given AS source, f.bytes, f.sha256, f.lines, f.loaded, f.rejected, f.duplicates,
    f.undated, f.first_at, f.last_at, f.problem
FROM input_file AS f
ORDER BY f.file_id
