-- One row per event and finding it is, whatever happened to it afterwards; with the destination, where it is about one.
SELECT
    f.code AS code,
    CASE
        WHEN f.certain = FALSE OR (f.since IS NOT NULL AND e.event_at IS NULL) THEN 'possible'
        -- near a change of policy the device may have gone by the other version
        WHEN f.code = 'X37' AND e.settled = FALSE THEN 'possible'
        ELSE 'certain'
    END AS certainty,
    f.source_id AS source_id,
    f.destination_id AS destination_id,
    f.version_id AS version_id,
    f.detail AS detail,
    e.event_id AS event_id,
    e.person_key AS person_key,
    e.event_at AS seen_at
FROM event_in_force AS e
INNER JOIN event_fault AS f ON f.signature_id = e.signature_id AND f.version_id = e.version_id
WHERE f.since IS NULL OR e.event_at IS NULL OR e.event_at >= f.since
