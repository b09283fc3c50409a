-- Where a raw line of the same message id is loaded it settles what the warehouse row leaves open: the row becomes a
-- repeat of the first such line, and the delivery records that found the row belong to the line (RULES.md 2.7).
CREATE OR REPLACE TEMP TABLE settled AS
SELECT w.event_id, w.file_id, w.line, min(r.event_id) AS raw_id
FROM event AS w
INNER JOIN warehouse_table AS t ON t.file_id = w.file_id
INNER JOIN event AS r ON r.message_key = w.message_key AND r.message_id = w.message_id
LEFT JOIN warehouse_table AS x ON x.file_id = r.file_id
WHERE x.file_id IS NULL
GROUP BY w.event_id, w.file_id, w.line
