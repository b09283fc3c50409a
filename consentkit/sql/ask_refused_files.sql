-- Files of which not one line could be loaded, and the most frequent reason, or why the file cannot be read at all; what
-- has no line, or blank ones only, is empty.
SELECT f.file_id, f.kind, f.path, f.lines, coalesce(r.message, replace(f.problem, '_', ' ')) AS message
FROM input_file AS f
LEFT JOIN (
    SELECT x.file_id, mode(c.message ORDER BY c.message) AS message
    FROM rejected_line AS x
    INNER JOIN reject_code AS c ON c.code = x.code
    WHERE x.code <> 'blank'
    GROUP BY x.file_id
) AS r ON r.file_id = f.file_id
WHERE f.loaded + f.duplicates = 0 AND (r.message IS NOT NULL OR f.problem <> 'empty')
ORDER BY f.file_id
