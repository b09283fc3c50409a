-- Every line that cannot be an event is kept with its bytes and the reason.
INSERT INTO rejected_line
SELECT i.file_id, i.line, i.reject_code, i.content
FROM incoming AS i
WHERE i.reject_code IS NOT NULL
