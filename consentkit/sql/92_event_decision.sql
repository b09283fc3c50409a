-- For people: one row per line that is an event, repeats included, and destination connected to its source,
-- with the decision, its reason, the rule it rests on (where sources contradict themselves, the row of RULES.md 9), what
-- the documentation and the regime say instead, and the categories it needs and that were not granted.
WITH placed AS (
    SELECT e.event_id, e.file_id, e.line FROM event AS e
    UNION ALL
    SELECT d.event_id, d.file_id, d.line FROM duplicate_line AS d
),
needed AS (
    SELECT r.version_id, r.destination_id, list(r.category_id ORDER BY r.category_id) AS required
    FROM requirement AS r
    GROUP BY r.version_id, r.destination_id
),
not_granted AS (
    SELECT s.stamp_id, r.version_id, r.destination_id, list(r.category_id ORDER BY r.category_id) AS refused
    FROM stamp AS s
    CROSS JOIN requirement AS r
    LEFT JOIN stamp_category AS k ON k.stamp_id = s.stamp_id AND k.category_id = r.category_id
    WHERE s.state IN ('A3', 'A4') AND (k.category_id IS NULL OR k.granted = FALSE)
    GROUP BY s.stamp_id, r.version_id, r.destination_id
),
-- RudderStack: by the settings for the provider that the event names
configured AS (
    SELECT
        s.stamp_id, t.version_id, t.source_id, t.destination_id,
        list(DISTINCT t.category_id ORDER BY t.category_id) AS required,
        list(DISTINCT t.category_id ORDER BY t.category_id) FILTER (k.says IS DISTINCT FROM 'granted') AS refused
    FROM stamp AS s
    CROSS JOIN consent_setting AS t
    LEFT JOIN stamp_said AS k ON k.stamp_id = s.stamp_id AND k.dialect = 'rudderstack' AND k.category_id = t.category_id
    WHERE s.rudder_form = 'given' AND (t.provider = s.provider OR (t.legacy AND s.provider = ''))
    GROUP BY s.stamp_id, t.version_id, t.source_id, t.destination_id
)
SELECT
    p.file_id,
    v.event_id,
    v.message_id,
    i.path AS event_file,
    p.line AS event_line,
    d.name AS destination,
    coalesce(x.outcome, 'indeterminate') AS outcome,
    coalesce(x.reason, 'no_policy_in_force') AS reason,
    coalesce(x.documented_outcome, 'indeterminate') AS documented_outcome,
    coalesce(x.regime_outcome, 'indeterminate') AS regime_outcome,
    q.source AS rule,
    coalesce(CASE WHEN x.point IN ('rudder-server', 'rudder-js') THEN c.required ELSE n.required END, []) AS required,
    coalesce(CASE WHEN x.point IN ('rudder-server', 'rudder-js') THEN c.refused ELSE r.refused END, []) AS refused
FROM placed AS p
INNER JOIN event AS v ON v.event_id = p.event_id
INNER JOIN event_in_force AS f ON f.event_id = p.event_id
INNER JOIN input_file AS i ON i.file_id = p.file_id
INNER JOIN signature AS g ON g.signature_id = f.signature_id
INNER JOIN destination AS d ON d.version_id = coalesce(f.version_id, (SELECT w.version_id FROM newest_version AS w))
LEFT JOIN decision AS x
    ON x.signature_id = f.signature_id AND x.version_id = f.version_id AND x.destination_id = d.destination_id
LEFT JOIN decision_reason AS q ON q.reason = coalesce(x.reason, 'no_policy_in_force')
LEFT JOIN needed AS n ON n.version_id = d.version_id AND n.destination_id = d.destination_id
LEFT JOIN not_granted AS r ON r.stamp_id = g.stamp_id AND r.version_id = d.version_id AND r.destination_id = d.destination_id
LEFT JOIN configured AS c
    ON c.stamp_id = g.stamp_id AND c.version_id = x.version_id AND c.source_id = x.source_id AND c.destination_id = x.destination_id
-- the platform itself is a destination at its SDKs only, whatever points other sources have
WHERE coalesce(x.connected, d.enabled AND (d.kind <> 'platform' OR f.version_id IS NULL))
