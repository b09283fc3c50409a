-- The number of the last file; numbers are not given twice, also where a file was forgotten.
SELECT coalesce(max(f.file_id), 0)
FROM (
    SELECT i.file_id FROM input_file AS i
    UNION ALL
    SELECT CAST(a.value AS INTEGER) FROM about AS a WHERE a.name = 'done'
) AS f(file_id)
