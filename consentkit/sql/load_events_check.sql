-- How many files of the group have lines that are neither loaded nor rejected nor a repeat: none, ever.
SELECT count(*)
FROM input_file AS f
INNER JOIN reading_file AS r ON r.file_id = f.file_id
WHERE f.lines <> f.loaded + f.rejected + f.duplicates
