-- Where the rows of a source's tables come together. It begins with a row of no table: after an insert of nothing, such as
-- an empty table, DuckDB 2.0.0 loses sight of what a large one adds to the same table, until the transaction ends.
CREATE OR REPLACE TEMP TABLE warehouse_row (
    file_id INTEGER, line BIGINT, id VARCHAR, anonymous_id VARCHAR, user_id VARCHAR, previous_id VARCHAR,
    event_at VARCHAR, original_at VARCHAR, received_at VARCHAR, sent_at VARCHAR, event VARCHAR, event_text VARCHAR,
    name VARCHAR, library VARCHAR, library_version VARCHAR, app_version VARCHAR, country VARCHAR, preferences VARCHAR,
    core UBIGINT
);

INSERT INTO warehouse_row (file_id, line) VALUES (0, 0)
