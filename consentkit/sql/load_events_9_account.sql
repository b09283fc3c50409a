-- The account of every file of the group: lines = loaded + rejected + duplicates.
INSERT INTO input_file
SELECT
    r.file_id, 'events', r.path, r.source_given, r.bytes, r.sha256, r.lines,
    coalesce(e.loaded, 0), coalesce(j.rejected, 0), coalesce(d.duplicates, 0),
    coalesce(e.undated, 0), e.first_at, e.last_at, r.problem
FROM reading_file AS r
LEFT JOIN (
    SELECT v.file_id, count(*) AS loaded, count(*) - count(v.event_at) AS undated,
        min(v.event_at) AS first_at, max(v.event_at) AS last_at
    FROM event AS v
    WHERE v.file_id IN (SELECT g.file_id FROM reading_file AS g)
    GROUP BY v.file_id
) AS e ON e.file_id = r.file_id
LEFT JOIN (SELECT x.file_id, count(*) AS rejected FROM rejected_line AS x GROUP BY x.file_id) AS j ON j.file_id = r.file_id
LEFT JOIN (SELECT x.file_id, count(*) AS duplicates FROM duplicate_line AS x GROUP BY x.file_id) AS d ON d.file_id = r.file_id;

-- Which places were looked at, so that a policy that names others later can say so (X32).
INSERT INTO place_read
SELECT r.file_id, p.path
FROM reading_file AS r
CROSS JOIN unnest(getvariable('stamp_paths')) AS p(path)
