-- Counts join the routes of delivery records: the same names, words and reasons mean the same in both.
INSERT INTO route
SELECT
    CAST((SELECT coalesce(max(r.route_id), 0) FROM route AS r)
        + row_number() OVER (ORDER BY n.destination, n.status, n.reason) AS INTEGER),
    n.destination, n.status, n.reason, NULL
FROM (SELECT DISTINCT c.destination, c.status, c.reason FROM incoming_count AS c) AS n
WHERE NOT EXISTS (
    SELECT 1 FROM route AS r
    WHERE r.destination = n.destination AND r.mode IS NULL
        AND r.status IS NOT DISTINCT FROM n.status AND r.reason IS NOT DISTINCT FROM n.reason
);

INSERT INTO delivery_count
SELECT c.file_id, c.line, r.route_id, c.day, c.records
FROM incoming_count AS c
INNER JOIN route AS r
    ON r.destination = c.destination AND r.mode IS NULL
    AND r.status IS NOT DISTINCT FROM c.status AND r.reason IS NOT DISTINCT FROM c.reason;

INSERT INTO input_file
SELECT
    r.file_id, 'counts', r.path, r.source_given, r.bytes, r.sha256, r.lines,
    coalesce(d.loaded, 0), coalesce(j.rejected, 0), 0, 0, d.first_at, d.last_at, r.problem
FROM reading_file AS r
LEFT JOIN (
    SELECT c.file_id, count(*) AS loaded, CAST(min(c.day) AS TIMESTAMP) AS first_at, CAST(max(c.day) AS TIMESTAMP) AS last_at
    FROM delivery_count AS c
    GROUP BY c.file_id
) AS d ON d.file_id = r.file_id
LEFT JOIN (SELECT x.file_id, count(*) AS rejected FROM rejected_line AS x GROUP BY x.file_id) AS j ON j.file_id = r.file_id
