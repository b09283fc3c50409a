-- One row per source of any policy version: the name it goes by. An id means the same name in all versions.
SELECT s.source_id AS source_id, MAX(s.name) AS name
FROM source AS s
GROUP BY s.source_id
