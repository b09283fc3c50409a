-- Where the rows of count files come together, whatever their format.
CREATE OR REPLACE TEMP TABLE incoming_count (
    file_id INTEGER, line BIGINT, destination VARCHAR, day DATE, status VARCHAR, reason VARCHAR, records BIGINT
)
