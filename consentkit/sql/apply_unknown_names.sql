-- Destinations that only the delivery log names join the others, so that they are judged and reported;
-- and names that resemble one another are noted: they are never matched, only told.
DELETE FROM destination_alias WHERE (version_id, destination_id) IN (
    SELECT (d.version_id, d.destination_id) FROM destination AS d WHERE d.known = FALSE
);
DELETE FROM destination WHERE known = FALSE;

INSERT INTO destination
SELECT
    v.version_id,
    coalesce(k.destination_id, CAST(1000000 + dense_rank() OVER (ORDER BY r.destination) AS INTEGER)),
    r.destination, 'other', TRUE, FALSE, FALSE, TRUE
FROM (SELECT DISTINCT x.destination FROM route AS x) AS r
CROSS JOIN policy_version AS v
-- a destination of another version keeps its id
LEFT JOIN (SELECT d.name, min(d.destination_id) AS destination_id FROM destination AS d GROUP BY d.name) AS k ON k.name = r.destination
WHERE NOT EXISTS (SELECT 1 FROM destination_alias AS a WHERE a.version_id = v.version_id AND a.name = r.destination);

INSERT INTO destination_alias
SELECT d.version_id, d.destination_id, d.name FROM destination AS d WHERE d.known = FALSE;

DELETE FROM near_miss;
INSERT INTO near_miss
WITH plain AS (
    SELECT DISTINCT n.name, lower(regexp_replace(n.name, '[^a-zA-Z0-9]', '', 'g')) AS letters
    FROM (
        SELECT d.name FROM destination AS d WHERE d.known = FALSE
        UNION SELECT a.name FROM destination_alias AS a
        UNION SELECT e.name FROM integrations_entry AS e
    ) AS n
)
SELECT d.version_id, d.name, o.name
FROM destination AS d
INNER JOIN plain AS m ON m.name = d.name
INNER JOIN plain AS o
    ON o.name <> m.name AND length(m.letters) > 1 AND length(o.letters) > 1
    AND (starts_with(o.letters, m.letters) OR starts_with(m.letters, o.letters))
WHERE d.known = FALSE;

DELETE FROM category_near_miss;
INSERT INTO category_near_miss
SELECT DISTINCT c.version_id, k.category_id, min(c.category_id)
FROM (
    SELECT s.category_id FROM stamp_category AS s
    UNION SELECT s.consent_id FROM stamp_listed AS s
) AS k
INNER JOIN (
    SELECT a.version_id, a.category_id FROM category AS a
    UNION SELECT t.version_id, t.category_id FROM destination_consent AS t WHERE t.category_id <> ''
) AS c ON lower(trim(c.category_id)) = lower(trim(k.category_id)) AND c.category_id <> k.category_id
GROUP BY c.version_id, k.category_id
