-- One row per device or person that made a choice which the log knows, and a number for it: a number is carried along with
-- millions of deliveries at less cost than an id. It holds for one question, since other choices give other numbers.
SELECT
    c.subject_kind AS subject_kind,
    c.subject_id AS subject_id,
    ROW_NUMBER() OVER (ORDER BY c.subject_kind, c.subject_id) AS number
FROM (SELECT DISTINCT i.subject_kind AS subject_kind, i.subject_id AS subject_id FROM consent_interval AS i) AS c
