-- One row per person (user id), category and stretch of time with one value: true, false, or conflict. The latest
-- choice wins, whichever device it was made on (RULES.md 2.4). For what a person had agreed to at a time:
-- JOIN person_history AS h ON h.user_id = ... AND h.valid_from <= t AND t < h.valid_to.
SELECT
    i.subject_id AS user_id,
    i.category_id AS category_id,
    i.value AS value,
    i.previous_value AS previous_value,
    i.basis AS basis,
    i.event_id AS event_id,
    i.valid_from AS valid_from,
    i.valid_to AS valid_to,
    i.is_current AS is_current
FROM consent_interval AS i
WHERE i.subject_kind = 'person'
