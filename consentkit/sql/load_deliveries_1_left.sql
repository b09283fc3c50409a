-- The records that were left over, with what was kept of them; says how many there are.
CREATE OR REPLACE TEMP VIEW left_delivery AS
SELECT
    CAST(d.delivery_id // 10000000000 AS INTEGER) AS file_id, d.delivery_id % 10000000000 AS line, d.kept
FROM read_delivery AS d
WHERE d.kept IS NOT NULL;

SELECT count(*) FROM left_delivery AS d
