-- One row per grant and destination it opens: a choice of a subject after which every category the destination needs is
-- granted, and was not before, by the newest policy version. granted_at to ended_at is how long all of them stayed so.
-- Destinations that are exempt are left out, and a device that belongs to one person: what is chosen there is the person's.
-- What stood when a choice was made is the last grant of each category until then, as a running maximum: a join by ranges
-- sets each choice of an id against each.
WITH needed AS (
    SELECT r.destination_id AS destination_id, r.category_id AS category_id
    FROM destination_category AS r
    INNER JOIN newest_version AS n ON n.version_id = r.version_id
    INNER JOIN destination AS d ON d.version_id = r.version_id AND d.destination_id = r.destination_id
    WHERE d.known = TRUE AND d.kind NOT IN ('aws-s3', 'platform') AND (d.kind <> 'engage' OR d.enforced = TRUE)
),
wanted AS (
    SELECT w.destination_id AS destination_id, COUNT(*) AS categories
    FROM needed AS w
    GROUP BY w.destination_id
),
granting AS (
    SELECT
        i.subject_kind AS subject_kind, i.subject_id AS subject_id, i.category_id AS category_id, i.event_id AS event_id,
        i.valid_from AS valid_from, i.valid_to AS valid_to
    FROM consent_interval AS i
    INNER JOIN (SELECT DISTINCT w.category_id AS category_id FROM needed AS w) AS k ON k.category_id = i.category_id
    LEFT JOIN device_person AS u ON u.anonymous_id = i.subject_id AND u.users = 1 AND i.subject_kind = 'device'
    WHERE i.value = 'true' AND u.anonymous_id IS NULL
),
opened AS (
    SELECT
        g.subject_kind AS subject_kind, g.subject_id AS subject_id, g.event_id AS grant_event_id, g.valid_from AS granted_at,
        w.destination_id AS destination_id
    FROM granting AS g
    INNER JOIN needed AS w ON w.category_id = g.category_id
    GROUP BY g.subject_kind, g.subject_id, g.event_id, g.valid_from, w.destination_id
),
moment AS (
    SELECT
        o.subject_kind AS subject_kind, o.subject_id AS subject_id, c.category_id AS category_id, o.granted_at AS at, NULL AS valid_from
    FROM (SELECT DISTINCT g.subject_kind AS subject_kind, g.subject_id AS subject_id, g.valid_from AS granted_at FROM granting AS g) AS o
    INNER JOIN (
        SELECT DISTINCT g.subject_kind AS subject_kind, g.subject_id AS subject_id, g.category_id AS category_id FROM granting AS g
    ) AS c ON c.subject_kind = o.subject_kind AND c.subject_id = o.subject_id
    UNION ALL
    SELECT
        g.subject_kind AS subject_kind, g.subject_id AS subject_id, g.category_id AS category_id, g.valid_from AS at, g.valid_from AS valid_from
    FROM granting AS g
),
looked AS (
    SELECT DISTINCT
        m.subject_kind AS subject_kind,
        m.subject_id AS subject_id,
        m.category_id AS category_id,
        m.at AS at,
        MAX(m.valid_from) OVER (PARTITION BY m.subject_kind, m.subject_id, m.category_id ORDER BY m.at) AS valid_from
    FROM moment AS m
)
SELECT
    o.subject_kind AS subject_kind,
    o.subject_id AS subject_id,
    o.grant_event_id AS grant_event_id,
    o.destination_id AS destination_id,
    o.granted_at AS granted_at,
    MIN(g.valid_to) AS ended_at
FROM opened AS o
INNER JOIN needed AS w ON w.destination_id = o.destination_id
INNER JOIN wanted AS a ON a.destination_id = o.destination_id
INNER JOIN looked AS l
    ON l.subject_kind = o.subject_kind AND l.subject_id = o.subject_id AND l.category_id = w.category_id AND l.at = o.granted_at
INNER JOIN granting AS g
    ON g.subject_kind = l.subject_kind AND g.subject_id = l.subject_id AND g.category_id = l.category_id
    AND g.valid_from = l.valid_from AND g.valid_to > l.at
GROUP BY o.subject_kind, o.subject_id, o.grant_event_id, o.granted_at, o.destination_id
HAVING COUNT(*) = MIN(a.categories)
