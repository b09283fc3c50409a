-- One row per destination and category it needs: events that did not grant the category, though they gave an
-- answer, and how many deliveries there are of them.
WITH counted AS (
    SELECT f.signature_id, f.version_id, count(*) AS events
    FROM event_in_force AS f
    WHERE f.version_id IS NOT NULL
    GROUP BY f.signature_id, f.version_id
),
called AS (
    SELECT c.destination_id, c.name
    FROM destination_called AS c
    WHERE c.destination_id IN (SELECT d.destination_id FROM destination AS d WHERE d.known)
),
lacking AS (
    SELECT x.signature_id, x.version_id, x.destination_id, r.category_id
    FROM decision AS x
    INNER JOIN signature AS g ON g.signature_id = x.signature_id
    INNER JOIN requirement AS r ON r.version_id = x.version_id AND r.destination_id = x.destination_id
    LEFT JOIN stamp_category AS k ON k.stamp_id = g.stamp_id AND k.category_id = r.category_id
    WHERE x.connected AND x.consent_says = 'deny' AND k.granted IS NOT TRUE AND x.point NOT IN ('rudder-server', 'rudder-js')
    UNION
    -- RudderStack: what the settings for the provider of the event name, and it does not allow
    SELECT x.signature_id, x.version_id, x.destination_id, t.category_id
    FROM decision AS x
    INNER JOIN signature AS g ON g.signature_id = x.signature_id
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    INNER JOIN consent_setting AS t
        ON t.version_id = x.version_id AND t.source_id = x.source_id AND t.destination_id = x.destination_id
        AND (t.provider = s.provider OR (t.legacy AND s.provider = ''))
    WHERE x.connected AND x.consent_says = 'deny' AND x.point IN ('rudder-server', 'rudder-js')
        AND NOT EXISTS (
            SELECT 1 FROM stamp_said AS k
            WHERE k.stamp_id = g.stamp_id AND k.dialect = 'rudderstack' AND k.says = 'granted'
                AND (k.category_id = t.category_id OR (x.point = 'rudder-js' AND trim(k.category_id) = t.trimmed_id))
        )
),
refused AS (
    SELECT l.destination_id, l.category_id, sum(c.events) AS events
    FROM lacking AS l
    INNER JOIN counted AS c ON c.signature_id = l.signature_id AND c.version_id = l.version_id
    GROUP BY l.destination_id, l.category_id
),
leaked AS (
    SELECT f.destination_id, l.category_id, count(DISTINCT f.delivery_id) AS deliveries, count(DISTINCT f.event_id) AS events, count(DISTINCT f.person_key) AS people
    FROM finding_any AS f
    INNER JOIN event_in_force AS e ON e.event_id = f.event_id
    INNER JOIN lacking AS l
        ON l.signature_id = e.signature_id AND l.version_id = e.version_id AND l.destination_id = f.destination_id
    WHERE f.code IN ('V5', 'V6', 'V26') AND f.certainty = 'certain'
    GROUP BY f.destination_id, l.category_id
),
needed AS (
    SELECT r.destination_id, r.category_id FROM requirement AS r
    UNION
    SELECT t.destination_id, t.category_id FROM consent_setting AS t
)
SELECT
    d.name AS destination, n.category_id AS category, CAST(coalesce(r.events, 0) AS BIGINT) AS refused,
    coalesce(l.events, 0) AS delivered, coalesce(l.people, 0) AS people
FROM needed AS n
INNER JOIN called AS d ON d.destination_id = n.destination_id
INNER JOIN destination AS t
    ON t.destination_id = n.destination_id AND t.version_id = (SELECT v.version_id FROM newest_version AS v)
LEFT JOIN refused AS r ON r.destination_id = n.destination_id AND r.category_id = n.category_id
LEFT JOIN leaked AS l ON l.destination_id = n.destination_id AND l.category_id = n.category_id
WHERE t.kind NOT IN ('aws-s3', 'platform') AND (t.kind <> 'engage' OR t.enforced)
ORDER BY delivered DESC, destination, category
