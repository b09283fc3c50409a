-- One row per integrations object that allows a name like that of a destination the policy does not know.
-- Names are never matched by likeness; but "All: false" does not surely deny such a destination.
SELECT DISTINCT
    e.integrations_id AS integrations_id,
    d.version_id AS version_id,
    d.destination_id AS destination_id
FROM destination AS d
INNER JOIN near_miss AS m ON m.version_id = d.version_id AND m.name = d.name
INNER JOIN integrations_entry AS e ON e.name = m.resembles
WHERE d.known = FALSE AND e.entry <> 'deny'
