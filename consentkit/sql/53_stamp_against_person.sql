-- One row per event that names a person and whose stamp grants a category which the person's latest choice, made on
-- another device or without one, refuses or leaves in conflict (RULES.md 10, V12). Suspected only: the device
-- may not know of the other choice. The choice must hold all the time the stamp may be of.
SELECT
    e.event_id AS event_id,
    i.event_id AS preference_event_id,
    MIN(i.category_id) AS category_id,
    CASE WHEN MAX(CASE WHEN i.value = 'conflict' THEN 1 ELSE 0 END) = 1 THEN 'conflict' ELSE 'refused on another device' END AS detail
FROM event AS e
INNER JOIN signature AS g ON g.signature_id = e.signature_id
INNER JOIN stamp_answer AS k ON k.stamp_id = g.stamp_id
INNER JOIN consent_interval AS i
    ON i.subject_id = e.user_id AND i.category_id = k.category_id
    AND i.valid_from <= e.stamped_from AND i.valid_to > e.stamped_to
INNER JOIN event AS c ON c.event_id = i.event_id
WHERE g.kind = 'event' AND k.granted = TRUE AND i.subject_kind = 'person' AND i.value <> 'true'
    AND COALESCE(c.anonymous_id, '') <> COALESCE(e.anonymous_id, '')
GROUP BY e.event_id, i.event_id
