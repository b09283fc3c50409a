-- The account of every warehouse table, those loaded before included: rows = loaded + rejected + duplicates.
INSERT INTO input_file
SELECT r.file_id, 'warehouse', r.path, r.source_given, r.bytes, r.sha256, r.lines, 0, 0, 0, 0, NULL, NULL, r.problem
FROM reading_file AS r
WHERE r.file_id IN (SELECT t.file_id FROM warehouse_table AS t)
    AND NOT EXISTS (SELECT 1 FROM input_file AS f WHERE f.file_id = r.file_id);

UPDATE input_file
SET loaded = a.loaded, rejected = a.rejected, duplicates = a.duplicates, undated = a.undated,
    first_at = a.first_at, last_at = a.last_at
FROM (
    SELECT
        t.file_id,
        coalesce(e.loaded, 0) AS loaded, coalesce(j.rejected, 0) AS rejected, coalesce(d.duplicates, 0) AS duplicates,
        coalesce(e.undated, 0) AS undated, e.first_at, e.last_at
    FROM warehouse_table AS t
    LEFT JOIN (
        SELECT v.file_id, count(*) AS loaded, count(*) - count(v.event_at) AS undated,
            min(v.event_at) AS first_at, max(v.event_at) AS last_at
        FROM event AS v
        WHERE v.file_id IN (SELECT g.file_id FROM warehouse_table AS g)
        GROUP BY v.file_id
    ) AS e ON e.file_id = t.file_id
    LEFT JOIN (SELECT x.file_id, count(*) AS rejected FROM rejected_line AS x GROUP BY x.file_id) AS j ON j.file_id = t.file_id
    LEFT JOIN (SELECT x.file_id, count(*) AS duplicates FROM duplicate_line AS x GROUP BY x.file_id) AS d ON d.file_id = t.file_id
) AS a
WHERE input_file.file_id = a.file_id
