-- The settled rows become repeats of their raw lines. Run only where there are any: after an insert of nothing DuckDB
-- 2.0.0 loses sight of what a large one adds to the same table, until the transaction ends.
UPDATE duplicate_line SET event_id = s.raw_id FROM settled AS s WHERE duplicate_line.event_id = s.event_id;

INSERT INTO duplicate_line SELECT s.file_id, s.line, s.raw_id FROM settled AS s;

UPDATE delivery SET event_id = s.raw_id FROM settled AS s WHERE delivery.event_id = s.event_id;

DELETE FROM shared_message WHERE event_id IN (SELECT s.event_id FROM settled AS s);

DELETE FROM event WHERE event_id IN (SELECT s.event_id FROM settled AS s)
