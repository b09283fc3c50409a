-- One row per device (anonymous id), category and stretch of time with one value: always true or false
-- (RULES.md 2.4, device level). The columns are those of consent_interval.
SELECT
    i.subject_id AS anonymous_id,
    i.category_id AS category_id,
    i.value AS value,
    i.previous_value AS previous_value,
    i.basis AS basis,
    i.event_id AS event_id,
    i.valid_from AS valid_from,
    i.valid_to AS valid_to,
    i.is_current AS is_current
FROM consent_interval AS i
WHERE i.subject_kind = 'device'
