-- How many files are loaded of which not everything is worked out yet, because their load was interrupted.
SELECT count(*)
FROM input_file AS f
WHERE f.file_id > (SELECT coalesce(max(CAST(a.value AS INTEGER)), 0) FROM about AS a WHERE a.name = 'done')
