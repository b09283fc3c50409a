-- Up to which file everything is worked out: where files are loaded beyond it, a load was interrupted before its end.
DELETE FROM about WHERE name = 'done';

INSERT INTO about
SELECT 'done', CAST(coalesce(max(f.file_id), 0) AS VARCHAR)
FROM input_file AS f
