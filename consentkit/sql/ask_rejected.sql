-- Why lines were rejected, per kind of input and reason, with the first place.
SELECT f.kind, r.code, c.message, count(*) AS lines, min_by(f.path, (r.file_id, r.line)) AS first_file, min_by(r.line, (r.file_id, r.line)) AS first_line
FROM rejected_line AS r
INNER JOIN input_file AS f ON f.file_id = r.file_id
LEFT JOIN reject_code AS c ON c.code = r.code
GROUP BY f.kind, r.code, c.message
ORDER BY f.kind, lines DESC, r.code
