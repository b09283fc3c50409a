-- How many files are loaded, of others than deliveries, of which not everything is worked out yet.
SELECT count(*)
FROM input_file AS f
WHERE f.kind NOT IN ('deliveries', 'counts')
    AND f.file_id > (SELECT coalesce(max(CAST(a.value AS INTEGER)), 0) FROM about AS a WHERE a.name = 'done')
