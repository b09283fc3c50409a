-- One row per list of what a device had loaded and destination that is in it, under any of the destination's names; one that
-- could not be started was not loaded. Loaded is not delivered: that is for the views that read this (RULES.md 3).
WITH listed AS (
    SELECT
        b.bundle_id AS bundle_id,
        a.version_id AS version_id,
        a.destination_id AS destination_id,
        SUM(CASE WHEN b.side = 'bundled' THEN 1 ELSE 0 END) AS bundled,
        SUM(CASE WHEN b.side = 'failed' THEN 1 ELSE 0 END) AS failed
    FROM bundle_entry AS b
    INNER JOIN destination_alias AS a ON a.name = b.name
    GROUP BY b.bundle_id, a.version_id, a.destination_id
)
SELECT
    n.bundle_id AS bundle_id,
    n.version_id AS version_id,
    n.destination_id AS destination_id
FROM listed AS n
INNER JOIN destination AS d ON d.version_id = n.version_id AND d.destination_id = n.destination_id
WHERE n.bundled > 0 AND n.failed = 0 AND d.kind <> 'platform'
