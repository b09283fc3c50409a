-- The files that are being read, and what reading them showed so far.
CREATE OR REPLACE TEMP TABLE reading_file (
    file_id INTEGER NOT NULL, path VARCHAR NOT NULL, source_given VARCHAR, bytes BIGINT NOT NULL, sha256 VARCHAR NOT NULL,
    lines BIGINT NOT NULL, problem VARCHAR
)
