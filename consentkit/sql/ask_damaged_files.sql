-- Files with a number above one that could not be read to their end, and why; one without a line is empty, not damaged.
SELECT f.path, replace(f.problem, '_', ' ') AS problem, f.lines
FROM input_file AS f
WHERE f.file_id > ? AND f.problem <> 'empty'
ORDER BY f.file_id
