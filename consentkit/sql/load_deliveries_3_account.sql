-- The account of every delivery file of the group: lines = loaded + rejected + duplicates.
INSERT INTO input_file
SELECT
    r.file_id, 'deliveries', r.path, r.source_given, r.bytes, r.sha256, r.lines,
    coalesce(d.loaded, 0), coalesce(j.rejected, 0), coalesce(p.duplicates, 0),
    coalesce(d.undated, 0), d.first_at, d.last_at, r.problem
FROM reading_file AS r
LEFT JOIN (
    SELECT v.file_id, count(*) AS loaded, count(*) - count(v.logged_at) AS undated,
        min(v.logged_at) AS first_at, max(v.logged_at) AS last_at
    FROM delivery AS v
    WHERE v.file_id IN (SELECT g.file_id FROM reading_file AS g)
        AND v.delivery_id >= (SELECT min(g.file_id)::BIGINT * 10000000000 FROM reading_file AS g)
    GROUP BY v.file_id
) AS d ON d.file_id = r.file_id
LEFT JOIN (SELECT x.file_id, count(*) AS rejected FROM rejected_line AS x GROUP BY x.file_id) AS j ON j.file_id = r.file_id
LEFT JOIN (SELECT x.file_id, count(*) AS duplicates FROM repeated_delivery AS x GROUP BY x.file_id) AS p ON p.file_id = r.file_id
