-- Every event of one message id, with each destination connected to its source: the verdicts and what they rest on.
WITH alike AS (
    SELECT e.event_id FROM event AS e WHERE e.message_id = ?
)
SELECT
    v.event_file, v.event_line, e.type, e.name, e.event_at, s.name AS source, x.point, t.state, t.rudder_form, g.kind AS event_kind,
    v.destination, v.outcome, v.documented_outcome, v.regime_outcome,
    x.consent_says, x.consent_reason, c.meaning AS consent_meaning, c.source AS consent_rule,
    x.integrations_say, x.integrations_reason, i.meaning AS integrations_meaning, i.source AS integrations_rule,
    v.required,
    list_filter(v.required, lambda r: list_contains(k.granted, r)) AS granted,
    list_filter(v.required, lambda r: list_contains(k.refused, r)) AS refused,
    list_filter(v.required, lambda r: NOT coalesce(list_contains(k.named, r), FALSE) AND
        CASE WHEN x.point IN ('rudder-server', 'rudder-js') THEN t.rudder_form = 'given' ELSE t.state IN ('A3', 'A4') END) AS missing,
    y.other, x.other_stamp,
    b.bundle_id IS NOT NULL AS loaded,
    z.outcome AS arrival_outcome, e.received_at,
    d.records
FROM event_decision AS v
INNER JOIN event AS e ON e.event_id = v.event_id
INNER JOIN event_in_force AS f ON f.event_id = v.event_id
INNER JOIN signature AS g ON g.signature_id = f.signature_id
INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id
LEFT JOIN destination AS n
    ON n.version_id = coalesce(f.version_id, (SELECT w.version_id FROM newest_version AS w)) AND n.name = v.destination
LEFT JOIN decision AS x
    ON x.signature_id = f.signature_id AND x.version_id = f.version_id AND x.destination_id = n.destination_id
LEFT JOIN event_arrival AS h ON h.event_id = v.event_id
LEFT JOIN decision AS z
    ON z.signature_id = h.signature_id AND z.version_id = h.version_id AND z.destination_id = n.destination_id
LEFT JOIN (
    SELECT
        a.stamp_id, a.rudder, list(a.category_id) FILTER (a.granted) AS granted,
        list(a.category_id) FILTER (NOT a.granted) AS refused, list(a.category_id) AS named
    FROM (
        SELECT c.stamp_id, FALSE AS rudder, c.category_id, c.granted FROM stamp_category AS c
        UNION ALL
        SELECT l.stamp_id, TRUE AS rudder, l.category_id, CASE l.says WHEN 'granted' THEN TRUE WHEN 'refused' THEN FALSE END
        FROM stamp_said AS l
        WHERE l.dialect = 'rudderstack'
    ) AS a
    GROUP BY a.stamp_id, a.rudder
) AS k ON k.stamp_id = g.stamp_id AND k.rudder = coalesce(x.point IN ('rudder-server', 'rudder-js'), FALSE)
LEFT JOIN (
    SELECT
        r.version_id, r.stamp_id, q.destination_id,
        string_agg(DISTINCT r.says || ' ' || r.category_id || ', as ' || CASE WHEN r.dialect = r.place THEN 'the policy' ELSE r.dialect END || ' writes it at ' || r.place, '; ') AS other
    FROM stamp_reading AS r
    INNER JOIN requirement AS q ON q.version_id = r.version_id AND q.category_id = r.category_id
    GROUP BY r.version_id, r.stamp_id, q.destination_id
) AS y ON y.version_id = f.version_id AND y.stamp_id = g.stamp_id AND y.destination_id = n.destination_id
LEFT JOIN bundle_account AS b
    ON b.bundle_id = g.bundle_id AND b.version_id = f.version_id AND b.destination_id = n.destination_id
LEFT JOIN source AS s ON s.version_id = f.version_id AND s.source_id = x.source_id
LEFT JOIN decision_reason AS c ON c.reason = x.consent_reason
LEFT JOIN decision_reason AS i ON i.reason = x.integrations_reason
-- a record that names only a message id is kept with the first of the events that share it, and may be of any of them
LEFT JOIN (
    SELECT o.event_id, m.version_id, m.destination_id, string_agg(
            m.status || coalesce(' (' || r.reason || ')', '')
            || CASE WHEN q.linked_by = 'message_id' AND (SELECT count(*) FROM alike) > 1 THEN ', of this event or another of its id' ELSE '' END,
            '; ' ORDER BY q.delivery_id
        ) AS records
    FROM alike AS o
    CROSS JOIN alike AS l
    INNER JOIN delivery AS q ON q.event_id = l.event_id AND (l.event_id = o.event_id OR q.linked_by = 'message_id')
    INNER JOIN route AS r ON r.route_id = q.route_id
    INNER JOIN route_meaning AS m ON m.route_id = q.route_id
    GROUP BY o.event_id, m.version_id, m.destination_id
) AS d ON d.event_id = v.event_id AND d.version_id = n.version_id AND d.destination_id = n.destination_id
WHERE v.message_id = ?
ORDER BY v.file_id, v.event_line, v.destination
