-- The ids that are named with these and are not among them yet.
INSERT INTO named_id
SELECT DISTINCT o.id
FROM (
    SELECT unnest([x.anonymous_id, x.user_id, x.previous_id]) AS id
    FROM (SELECT DISTINCT e.anonymous_id, e.user_id, e.previous_id FROM named_by AS e) AS x
) AS o
WHERE o.id IS NOT NULL AND o.id NOT IN (SELECT n.id FROM named_id AS n)
