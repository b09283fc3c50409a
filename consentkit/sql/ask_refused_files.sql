-- Files with lines of which not one could be loaded, and the most frequent reason; a file of blank lines is empty.
SELECT f.kind, f.path, f.lines, r.message
FROM input_file AS f
INNER JOIN (
    SELECT x.file_id, mode(c.message ORDER BY c.message) AS message
    FROM rejected_line AS x
    INNER JOIN reject_code AS c ON c.code = x.code
    WHERE x.code <> 'blank'
    GROUP BY x.file_id
) AS r ON r.file_id = f.file_id
WHERE f.loaded + f.duplicates = 0
ORDER BY f.file_id
