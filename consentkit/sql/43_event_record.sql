-- One row per event and delivery record that is of it, or may be: sure is false where the record names a message id that several
-- events share, unless these are alike. It is then of one of them, and each has a row (RULES.md 2.2).
SELECT
    COALESCE(h.event_id, q.event_id) AS event_id,
    q.delivery_id AS delivery_id,
    q.route_id AS route_id,
    q.logged_at AS logged_at,
    CASE WHEN h.event_id IS NULL THEN TRUE ELSE FALSE END AS sure
FROM delivery AS q
LEFT JOIN shared_message AS h ON h.group_id = q.event_id AND h.alike = FALSE AND q.linked_by = 'message_id'
WHERE q.event_id IS NOT NULL
