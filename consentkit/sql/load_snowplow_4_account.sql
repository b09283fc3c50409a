-- The account of the context files: a row that repeats another's root_id is a duplicate (RULES.md 5).
INSERT INTO input_file
SELECT
    r.file_id, 'contexts', r.path, r.source_given, r.bytes, r.sha256, r.lines,
    coalesce(c.loaded, 0), 0, r.lines - coalesce(c.loaded, 0), 0, NULL, NULL, r.problem
FROM reading_file AS r
LEFT JOIN (
    SELECT x.file_id, count(DISTINCT x.root_id) AS loaded
    FROM (
        SELECT p.file_id, p.root_id FROM snowplow_preferences_row AS p
        UNION ALL SELECT v.file_id, v.root_id FROM snowplow_visible_row AS v
    ) AS x
    GROUP BY x.file_id
) AS c ON c.file_id = r.file_id
