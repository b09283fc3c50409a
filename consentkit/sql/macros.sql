-- For people: FROM consent_on('a user id, or an anonymous id', TIMESTAMP '2026-03-03 12:00:00'): one row per category, with
-- its value at that time (true, false, conflict, or never collected), since when, and the event that set it.
CREATE OR REPLACE MACRO consent_on(who, moment) AS TABLE
SELECT
    k.subject_kind, c.category_id, coalesce(i.value, 'never collected') AS value, i.basis, i.valid_from, i.valid_to, i.event_id
FROM (
    SELECT 'person' AS subject_kind, who AS subject_id WHERE EXISTS (SELECT 1 FROM event AS e WHERE e.user_id = who)
    UNION
    SELECT 'device' AS subject_kind, who AS subject_id WHERE EXISTS (SELECT 1 FROM event AS e WHERE e.anonymous_id = who)
    UNION
    SELECT x.subject_kind, x.subject_id FROM consent_interval AS x WHERE x.subject_id = who
) AS k
CROSS JOIN (
    SELECT n.category_id FROM asked_category AS n
    UNION
    SELECT s.category_id FROM stamp_answer AS s
) AS c
LEFT JOIN consent_interval AS i
    ON i.subject_kind = k.subject_kind AND i.subject_id = k.subject_id AND i.category_id = c.category_id
    AND i.valid_from <= moment AND moment < i.valid_to
ORDER BY k.subject_kind DESC, c.category_id;

-- Text without blanks around it; null where nothing is left. Most text has none, and trim costs more than a look.
CREATE OR REPLACE MACRO tidied(t) AS CASE WHEN t <= '!' OR ends_with(t, ' ') THEN nullif(trim(t), '') ELSE t END
