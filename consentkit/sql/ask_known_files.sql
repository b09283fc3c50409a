-- The files of a kind that were read, and whether they hold lines of which not one could be loaded. Of a file that could
-- not be opened no content is known.
SELECT f.sha256, f.path, f.source_given, f.file_id, f.lines > 0 AND f.loaded + f.duplicates = 0 AS refused
FROM input_file AS f
WHERE f.kind = ?
