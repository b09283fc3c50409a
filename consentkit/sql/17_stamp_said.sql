-- One row per consent stamp, place a platform reads, and category: what the stamp says there: granted, refused or unreadable.
-- Segment's consent object grants or refuses by a boolean; RudderStack's lists ids as allowed or denied, an id in
-- both lists is unreadable, and of one in neither nothing is said (RULES.md 1 and 4).
SELECT
    k.stamp_id AS stamp_id, 'context.consent' AS place, 'segment' AS dialect, k.category_id AS category_id,
    CASE WHEN k.granted = TRUE THEN 'granted' WHEN k.granted = FALSE THEN 'refused' ELSE 'unreadable' END AS says
FROM stamp_category AS k
INNER JOIN stamp AS s ON s.stamp_id = k.stamp_id
WHERE s.dialect = 'segment'
UNION ALL
SELECT
    l.stamp_id AS stamp_id, 'context.consentManagement' AS place, 'rudderstack' AS dialect, l.consent_id AS category_id,
    CASE WHEN MIN(l.side) <> MAX(l.side) THEN 'unreadable' WHEN MIN(l.side) = 'denied' THEN 'refused' ELSE 'granted' END AS says
FROM stamp_listed AS l
GROUP BY l.stamp_id, l.consent_id
