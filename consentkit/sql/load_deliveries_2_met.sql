-- What the rows that came together hold besides records: lines that are none, and the routes of the others.
INSERT INTO rejected_line
SELECT d.file_id, d.line, d.reject_code, d.content
FROM incoming_delivery AS d
WHERE d.reject_code IS NOT NULL;

CREATE OR REPLACE TEMP TABLE met_route AS
SELECT DISTINCT d.destination, d.status, d.reason, d.mode FROM incoming_delivery AS d WHERE d.reject_code IS NULL
