-- Where many events are routing situations of their own, so that judging takes long: how many, of how many events, and
-- what they differ in most. No row where that is not so.
SELECT
    g.situations, e.events,
    CASE
        WHEN s.said > s.consent AND s.said > i.integrations THEN 'a place the policy''s stamps name'
        WHEN i.integrations > s.consent THEN 'the names in the integrations object'
        ELSE 'context.consent'
    END AS differ
FROM (SELECT count(*) AS situations FROM signature AS x) AS g
CROSS JOIN (SELECT count(*) AS events FROM event AS x) AS e
CROSS JOIN (
    SELECT count(DISTINCT (x.consent, x.consent_management)) AS consent, count(DISTINCT x.said) AS said FROM stamp AS x
) AS s
CROSS JOIN (SELECT count(*) AS integrations FROM integrations AS x) AS i
WHERE g.situations > 20000 AND 10 * g.situations > e.events
