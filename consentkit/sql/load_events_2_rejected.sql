-- Every line that cannot be an event is kept with its bytes and the reason.
INSERT INTO rejected_line
WITH refused AS (
    SELECT i.file_id, i.line, i.reject_code, i.content, try(decode(i.content)) AS text
    FROM incoming AS i
    WHERE i.reject_code IS NOT NULL
),
trimmed AS (
    SELECT r.*, trim(r.text, E' \t\r\n') AS bare FROM refused AS r
)
SELECT
    t.file_id, t.line,
    CASE
        WHEN t.reject_code <> 'no_event' THEN t.reject_code
        WHEN t.text IS NULL THEN 'not_utf8'
        WHEN t.bare = '' THEN 'blank'
        WHEN octet_length(t.content) > 268000000 THEN 'too_long'
        WHEN try(json_type(t.text)) IS NOT NULL THEN 'not_object'
        WHEN starts_with(t.bare, '{') AND NOT ends_with(t.bare, '}') THEN 'cut_off'
        ELSE 'not_json'
    END,
    t.content
FROM trimmed AS t
