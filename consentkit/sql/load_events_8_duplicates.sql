-- After the last slice of a group of files: message ids that occur more than once.
-- Same id and same payload is a duplicate line: the first is kept, the others are noted.
-- Same id with another payload is another event: all are kept, and noted as sharing their id.
CREATE OR REPLACE TEMP TABLE repeated AS
SELECT e.message_key
FROM event AS e
INNER JOIN reading_file AS r ON r.file_id = e.file_id
WHERE e.message_key IS NOT NULL
GROUP BY e.message_key
HAVING count(*) > 1
UNION
SELECT e.message_key
FROM event AS e
WHERE e.message_key IN (
        SELECT n.message_key FROM event AS n INNER JOIN reading_file AS r ON r.file_id = n.file_id
    )
    -- files are numbered as they come: not asked with NOT EXISTS, which would read the keys of all older events first
    AND e.file_id < (SELECT min(r.file_id) FROM reading_file AS r);

CREATE OR REPLACE TEMP TABLE sharing AS
SELECT
    e.event_id, e.file_id, e.line,
    min(e.event_id) OVER (PARTITION BY e.message_id, e.payload_key) AS first_id,
    first_value(e.event_id) OVER (PARTITION BY e.message_id ORDER BY e.event_at NULLS LAST, e.payload_key, e.event_id) AS group_id,
    dense_rank() OVER (PARTITION BY e.message_id ORDER BY e.event_at NULLS LAST, e.payload_key) AS place,
    min(e.payload_key) OVER (PARTITION BY e.message_id) <> max(e.payload_key) OVER (PARTITION BY e.message_id) AS differs,
    min(e.sameness) OVER (PARTITION BY e.message_id) = max(e.sameness) OVER (PARTITION BY e.message_id) AS alike
FROM (
    SELECT n.*, hash(n.user_id, n.anonymous_id, n.event_at, n.signature_id) AS sameness
    FROM event AS n
    WHERE n.message_key IN (SELECT r.message_key FROM repeated AS r)
) AS e;

INSERT INTO duplicate_line
SELECT s.file_id, s.line, s.first_id FROM sharing AS s WHERE s.event_id <> s.first_id;

DELETE FROM event WHERE event_id IN (SELECT s.event_id FROM sharing AS s WHERE s.event_id <> s.first_id);

DELETE FROM shared_message WHERE event_id IN (SELECT s.event_id FROM sharing AS s);

INSERT INTO shared_message
SELECT s.event_id, s.group_id, s.place, s.alike FROM sharing AS s WHERE s.differs AND s.event_id = s.first_id;

SELECT count(*) FROM sharing AS s WHERE s.differs AND s.event_id <> s.group_id
