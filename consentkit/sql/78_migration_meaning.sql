-- One row per destination: the events with a stamp of the retired Consent Manager, what the stamp would mean if Segment
-- read it as its own today (RULES.md 2, step 2), and how the old manager had it: by the integrations object it wrote.
WITH meant AS (
    SELECT
        e.event_id AS event_id,
        x.destination_id AS destination_id,
        x.integrations_say AS integrations_say,
        CASE
            WHEN d.kind = 'aws-s3' OR (d.kind = 'engage' AND d.enforced = FALSE) OR a.needed = 0 THEN 'deliver'
            WHEN t.state = 'A3' THEN 'block'
            WHEN t.state <> 'A4' THEN 'indeterminate'
            WHEN a.granted = a.needed THEN 'deliver'
            WHEN a.refused > 0 THEN 'block'
            WHEN a.unclear > 0 THEN 'indeterminate'
            ELSE 'block'
        END AS today
    FROM event AS e
    INNER JOIN signature AS g ON g.signature_id = e.signature_id
    INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id AND t.dialect = 'consent-manager'
    CROSS JOIN newest_version AS n
    INNER JOIN decision AS x ON x.signature_id = g.signature_id AND x.version_id = n.version_id
    INNER JOIN destination AS d ON d.version_id = x.version_id AND d.destination_id = x.destination_id AND d.kind <> 'platform'
    INNER JOIN stamp_account AS a
        ON a.stamp_id = t.stamp_id AND a.version_id = x.version_id AND a.destination_id = x.destination_id
    WHERE x.connected = TRUE
)
SELECT
    d.name AS destination,
    COUNT(*) AS events,
    SUM(CASE WHEN m.today = 'deliver' THEN 1 ELSE 0 END) AS today_deliver,
    SUM(CASE WHEN m.today = 'block' THEN 1 ELSE 0 END) AS today_block,
    SUM(CASE WHEN m.today = 'indeterminate' THEN 1 ELSE 0 END) AS today_unclear,
    SUM(CASE WHEN m.integrations_say = 'deny' THEN 1 ELSE 0 END) AS held_back,
    -- held back by the integrations object alone: it would go out once the old manager no longer writes that
    SUM(CASE WHEN m.integrations_say = 'deny' AND m.today = 'deliver' THEN 1 ELSE 0 END) AS held_back_only_by_it
FROM meant AS m
CROSS JOIN newest_version AS n
INNER JOIN destination AS d ON d.version_id = n.version_id AND d.destination_id = m.destination_id
GROUP BY d.name
