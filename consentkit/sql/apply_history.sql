-- The consent history, worked out and kept: of all events, or of those that stand in their place.
INSERT INTO consent_interval
SELECT
    s.subject_kind, s.subject_id, s.category_id, s.value, s.previous_value, s.basis, s.event_id, s.valid_from, s.valid_to, s.is_current
FROM consent_stretch AS s
