-- Most lines of a slice are of situations met before: they go straight from the file into event, parsed and written
-- once. What is then left over, new situations and lines that are no event, takes the long way of the other steps.
CREATE OR REPLACE TEMP TABLE situation_signature AS SELECT k.situation_key, k.signature_id FROM known_situation AS k;

CREATE OR REPLACE TEMP VIEW incoming AS SELECT * FROM read_line
