-- One row per destination, source, library, version and day of the event: its delivery records, those that
-- were delivered (all; with their event loaded; of an event with a consent object) and those filtered (all; for consent).
-- judged: the policy knows the destination, and a version was in force at the time of the event.
-- delivered_held: held against what the person answered (standing_kind), or found to be possibly against it;
-- delivered_free: of an event with a consent object to a destination that needs no category. Of those with _unclear nobody can
-- tell whether consent (a consent object that is there) or the integrations object allowed them.
WITH situation AS (
    SELECT
        o.signature_id AS signature_id,
        s.name AS source,
        CASE WHEN t.state IN ('A0', 'A1', 'A?') AND t.rudder_form = 'absent' THEN 0 ELSE 1 END AS stamped
    FROM newest_version AS n
    INNER JOIN signature_source AS o ON o.version_id = n.version_id
    INNER JOIN source AS s ON s.version_id = o.version_id AND s.source_id = o.source_id
    INNER JOIN signature AS g ON g.signature_id = o.signature_id
    INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id
),
-- Events that are alike in all that is told of them, by the first of them: deliveries are counted by its number.
placed AS (
    SELECT
        e.event_id AS event_id,
        CASE WHEN e.event_at IS NULL THEN TRUE ELSE FALSE END AS undated,
        u.version_id AS version_id,
        MIN(e.event_id) OVER (
            PARTITION BY e.signature_id, e.library, e.library_version, e.app_version, CAST(e.event_at AS DATE)
        ) AS alike_id
    FROM event AS e
    INNER JOIN event_in_force AS u ON u.event_id = e.event_id
),
meant AS (
    SELECT
        k.code AS code,
        CASE WHEN k.code IN ('V5', 'V6', 'V26', 'X33') THEN 1 ELSE 0 END AS refused,
        CASE WHEN k.code = 'V7' THEN 1 ELSE 0 END AS excluded,
        CASE WHEN k.code = 'V18' THEN 1 ELSE 0 END AS unmapped
    FROM finding_code AS k
    WHERE k.code IN ('V5', 'V6', 'V26', 'X33', 'V7', 'V18')
),
doubtful AS (
    SELECT
        h.delivery_id AS delivery_id,
        h.standing AS standing,
        COALESCE(MAX(k.refused), 0) AS refused,
        COALESCE(MAX(k.excluded), 0) AS excluded,
        COALESCE(MAX(k.unmapped), 0) AS unmapped
    FROM doubtful_delivery AS h
    LEFT JOIN finding_delivery AS f ON f.delivery_id = h.delivery_id
    LEFT JOIN meant AS k ON k.code = f.code
    GROUP BY h.delivery_id, h.standing
),
found AS (
    SELECT
        f.signature_id AS signature_id,
        f.version_id AS version_id,
        f.route_id AS route_id,
        MAX(k.refused) AS refused,
        MAX(k.excluded) AS excluded,
        MAX(k.unmapped) AS unmapped
    FROM delivery_fault AS f
    INNER JOIN meant AS k ON k.code = f.code
    GROUP BY f.signature_id, f.version_id, f.route_id
),
grouped AS (
    SELECT
        d.route_id AS route_id,
        p.alike_id AS alike_id,
        CASE WHEN p.undated = FALSE THEN NULL ELSE CAST(d.logged_at AS DATE) END AS logged_day,
        p.version_id AS version_id,
        h.standing AS standing,
        h.refused AS refused,
        h.excluded AS excluded,
        h.unmapped AS unmapped,
        COUNT(*) AS records,
        COUNT(p.event_id) AS linked
    FROM delivery AS d
    LEFT JOIN placed AS p ON p.event_id = d.event_id
    LEFT JOIN doubtful AS h ON h.delivery_id = d.delivery_id
    GROUP BY
        d.route_id, p.alike_id, p.version_id, h.standing, h.refused, h.excluded, h.unmapped,
        CASE WHEN p.undated = FALSE THEN NULL ELSE CAST(d.logged_at AS DATE) END
),
counted AS (
    SELECT
        g.route_id AS route_id,
        a.source AS source,
        e.library AS library,
        e.library_version AS library_version,
        e.app_version AS app_version,
        COALESCE(CAST(e.event_at AS DATE), g.logged_day) AS day,
        CASE WHEN g.version_id IS NULL THEN 0 ELSE 1 END AS ruled,
        COALESCE(k.kind, 'unjudged') AS kind,
        COALESCE(g.standing, s.standing) AS standing,
        COALESCE(g.refused, f.refused, 0) AS refused,
        COALESCE(g.excluded, f.excluded, 0) AS excluded,
        COALESCE(g.unmapped, f.unmapped, 0) AS unmapped,
        g.records AS records,
        g.linked AS linked,
        CASE WHEN a.stamped = 1 THEN g.records ELSE 0 END AS stamped
    FROM grouped AS g
    LEFT JOIN event AS e ON e.event_id = g.alike_id
    LEFT JOIN situation AS a ON a.signature_id = e.signature_id
    LEFT JOIN delivery_standing AS s
        ON s.signature_id = e.signature_id AND s.version_id = g.version_id AND s.route_id = g.route_id
    LEFT JOIN found AS f ON f.signature_id = e.signature_id AND f.version_id = g.version_id AND f.route_id = g.route_id
    LEFT JOIN standing_kind AS k ON k.standing = COALESCE(g.standing, s.standing)
)
SELECT
    x.name AS destination,
    CASE WHEN x.known = TRUE AND c.ruled = 1 THEN TRUE ELSE FALSE END AS judged,
    c.source AS source,
    c.library AS library,
    c.library_version AS library_version,
    c.app_version AS app_version,
    c.day AS day,
    CAST(SUM(c.records) AS BIGINT) AS records,
    CAST(SUM(CASE WHEN m.status = 'delivered' THEN c.records ELSE 0 END) AS BIGINT) AS delivered,
    CAST(SUM(CASE WHEN m.status = 'delivered' THEN c.linked ELSE 0 END) AS BIGINT) AS delivered_linked,
    CAST(SUM(CASE WHEN m.status = 'delivered' THEN c.stamped ELSE 0 END) AS BIGINT) AS delivered_stamped,
    CAST(SUM(CASE WHEN m.status = 'delivered' AND (c.kind = 'held' OR c.refused = 1) THEN c.linked ELSE 0 END) AS BIGINT) AS delivered_held,
    CAST(SUM(CASE WHEN m.status = 'delivered' AND c.kind = 'unjudged' AND c.refused = 0 THEN c.stamped ELSE 0 END) AS BIGINT)
        AS delivered_consent_unclear,
    CAST(SUM(CASE WHEN m.status = 'delivered' AND c.kind = 'unjudged' AND c.excluded = 0 THEN c.linked ELSE 0 END) AS BIGINT)
        AS delivered_integrations_unclear,
    CAST(SUM(CASE WHEN m.status = 'delivered' AND (c.standing = 'needs none' OR c.unmapped = 1) THEN c.stamped ELSE 0 END) AS BIGINT)
        AS delivered_free,
    CAST(SUM(CASE WHEN m.status = 'filtered' THEN c.linked ELSE 0 END) AS BIGINT) AS filtered_linked,
    CAST(SUM(CASE WHEN m.status = 'filtered' AND m.reason_means = 'consent' THEN c.linked ELSE 0 END) AS BIGINT) AS filtered_for_consent
FROM counted AS c
INNER JOIN route_meaning AS m ON m.route_id = c.route_id
INNER JOIN newest_version AS n ON n.version_id = m.version_id
INNER JOIN destination AS x ON x.version_id = m.version_id AND x.destination_id = m.destination_id
GROUP BY
    x.name, CASE WHEN x.known = TRUE AND c.ruled = 1 THEN TRUE ELSE FALSE END, c.source, c.library, c.library_version, c.app_version, c.day
