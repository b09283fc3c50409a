-- One row per certain finding and the slice of the data that explains it best, where one does.
-- A slice is an app version, a library version, an event name, a source, a country, a day, or the days between the
-- first and the last. in_slice of of_slice failed there, elsewhere of of_elsewhere failed outside it, out of all
-- that could have failed the same way. A slice explains a finding when it holds 80 % of at least 5 failures, fails
-- in one case of twenty or more and three times as often as the rest, is at most half of the whole, and chance is
-- out of the question.
WITH candidate AS (
    SELECT
        row_number() OVER (ORDER BY f.code, f.source_id, f.destination_id, f.detail) AS finding_id,
        f.code, f.source_id, f.destination_id, f.detail,
        CASE
            WHEN f.code IN ('V5', 'V6', 'V7', 'V8', 'V10', 'V26') THEN 'judged'
            WHEN f.destination_id IS NULL THEN 'event'
            ELSE 'delivered'
        END AS kind
    FROM finding_any AS f
    WHERE f.certainty = 'certain'
        AND f.code IN (
            'V1', 'V1E', 'V2', 'V3', 'V3L', 'V4C', 'V5', 'V6', 'V7', 'V8', 'V10', 'V14', 'V15', 'V26', 'V28', 'R1', 'X7', 'X8'
        )
    GROUP BY f.code, f.source_id, f.destination_id, f.detail
),
failed AS (
    SELECT k.finding_id, f.event_id, CASE WHEN k.kind = 'delivered' THEN count(*) ELSE 1 END AS n
    FROM finding_any AS f
    INNER JOIN candidate AS k
        ON k.code = f.code AND k.source_id IS NOT DISTINCT FROM f.source_id
        AND k.destination_id IS NOT DISTINCT FROM f.destination_id AND k.detail IS NOT DISTINCT FROM f.detail
    WHERE f.certainty = 'certain' AND f.event_id IS NOT NULL
    GROUP BY k.finding_id, k.kind, f.event_id
),
key AS (
    SELECT c.*
    FROM candidate AS c
    WHERE c.finding_id IN (SELECT f.finding_id FROM failed AS f GROUP BY f.finding_id HAVING count(*) >= 5)
),
-- Events that are alike in all that a slice can be are counted as one spot, so that slices are cut from few rows.
place AS (
    SELECT
        e.event_id, f.signature_id, f.version_id,
        hash(
            o.source_id, o.version_id, e.library, e.library_version, e.app_version, e.name, e.country, CAST(e.event_at AS DATE)
        ) AS spot
    FROM event AS e
    INNER JOIN event_in_force AS f ON f.event_id = e.event_id
    INNER JOIN signature_source AS o ON o.signature_id = f.signature_id AND o.version_id = f.version_id
),
spot AS (
    SELECT
        p.spot, s.name AS source, e.library, e.library_version, e.app_version, e.name, e.country, CAST(e.event_at AS DATE) AS day
    FROM (SELECT l.spot, min(l.event_id) AS event_id FROM place AS l GROUP BY l.spot) AS x
    INNER JOIN place AS p ON p.event_id = x.event_id
    INNER JOIN event AS e ON e.event_id = x.event_id
    INNER JOIN signature_source AS o ON o.signature_id = p.signature_id AND o.version_id = p.version_id
    INNER JOIN source AS s ON s.source_id = o.source_id AND s.version_id = o.version_id
),
part AS (
    SELECT p.signature_id, p.version_id, p.spot, count(*) AS n
    FROM place AS p
    GROUP BY p.signature_id, p.version_id, p.spot
),
eligible AS (
    SELECT k.finding_id, x.signature_id, x.version_id
    FROM key AS k
    INNER JOIN decision AS x ON x.destination_id = k.destination_id
    WHERE k.kind = 'judged' AND x.connected
        AND CASE
            WHEN k.code = 'V7' THEN x.integrations_say = 'deny'
            WHEN k.code = 'V8' THEN x.consent_says = 'allow' AND x.consent_reason <> 'exempt'
            ELSE x.consent_says = 'deny'
        END
    UNION ALL
    SELECT k.finding_id, o.signature_id, o.version_id
    FROM key AS k
    INNER JOIN signature_source AS o ON o.source_id = k.source_id
    WHERE k.kind = 'event'
),
-- Records are counted by the way they went together with the others of their event.
went AS (
    SELECT w.way, p.spot, min(w.event_id) AS event_id, count(*) AS n
    FROM event_way AS w
    INNER JOIN place AS p ON p.event_id = w.event_id
    GROUP BY w.way, p.spot
),
-- Each way is looked up once, before anything else is joined to it.
along AS MATERIALIZED (
    SELECT x.way, d.route_id
    FROM (SELECT w.way, min(w.event_id) AS event_id FROM went AS w GROUP BY w.way) AS x
    INNER JOIN delivery AS d ON d.event_id = x.event_id
),
gone AS (
    SELECT a.way, m.destination_id, count(*) AS records
    FROM along AS a
    INNER JOIN route_meaning AS m ON m.route_id = a.route_id
    INNER JOIN newest_version AS v ON v.version_id = m.version_id
    WHERE m.status = 'delivered'
        AND m.destination_id IN (SELECT k.destination_id FROM key AS k WHERE k.kind = 'delivered')
    GROUP BY a.way, m.destination_id
),
arrived AS (
    SELECT g.destination_id, w.spot, CAST(sum(w.n * g.records) AS BIGINT) AS n
    FROM went AS w
    INNER JOIN gone AS g ON g.way = w.way
    GROUP BY g.destination_id, w.spot
),
counted AS (
    SELECT q.finding_id, q.spot, sum(q.checked) AS checked, sum(q.failing) AS failing
    FROM (
        SELECT g.finding_id, p.spot, p.n AS checked, 0 AS failing
        FROM eligible AS g
        INNER JOIN part AS p ON p.signature_id = g.signature_id AND p.version_id = g.version_id
        UNION ALL
        SELECT k.finding_id, a.spot, a.n AS checked, 0 AS failing
        FROM arrived AS a
        INNER JOIN key AS k ON k.destination_id = a.destination_id AND k.kind = 'delivered'
        UNION ALL
        SELECT f.finding_id, p.spot, 0 AS checked, f.n AS failing
        FROM failed AS f
        INNER JOIN key AS k ON k.finding_id = f.finding_id
        INNER JOIN place AS p ON p.event_id = f.event_id
    ) AS q
    GROUP BY q.finding_id, q.spot
),
slice AS (
    SELECT c.finding_id, s.dimension, s.first, s.second, sum(c.checked) AS checked, sum(c.failing) AS failing
    FROM counted AS c
    INNER JOIN spot AS p ON p.spot = c.spot
    CROSS JOIN LATERAL (
        VALUES
            ('app version', CASE WHEN p.app_version IS NOT NULL THEN p.source END, p.app_version),
            ('library version', CASE WHEN p.library_version IS NOT NULL THEN p.library END, CASE WHEN p.library IS NOT NULL THEN p.library_version END),
            ('event of a source', CASE WHEN p.name IS NOT NULL THEN p.source END, p.name),
            ('event', NULL, p.name),
            ('source', NULL, p.source),
            ('country', NULL, p.country),
            ('day', NULL, CAST(p.day AS VARCHAR))
    ) AS s(dimension, first, second)
    WHERE s.second IS NOT NULL
    GROUP BY c.finding_id, s.dimension, s.first, s.second
),
whole AS (
    SELECT c.finding_id, sum(c.checked) AS checked, sum(c.failing) AS failing
    FROM counted AS c
    GROUP BY c.finding_id
),
dates AS (
    SELECT s.finding_id, min(s.second) AS first_day, max(s.second) AS last_day, sum(s.failing) AS failing
    FROM slice AS s
    WHERE s.dimension = 'day' AND s.failing > 0
    GROUP BY s.finding_id
),
every AS (
    SELECT s.finding_id, s.dimension, s.first, s.second, s.checked, s.failing
    FROM slice AS s
    UNION ALL
    SELECT s.finding_id, 'days' AS dimension, d.first_day AS first, d.last_day AS second, sum(s.checked) AS checked, sum(s.failing) AS failing
    FROM dates AS d
    INNER JOIN slice AS s
        ON s.finding_id = d.finding_id AND s.dimension = 'day' AND s.second >= d.first_day AND s.second <= d.last_day
    WHERE d.first_day <> d.last_day
    GROUP BY s.finding_id, d.first_day, d.last_day
),
compared AS (
    SELECT
        e.finding_id, e.dimension, e.first, e.second,
        e.failing AS in_slice, e.checked AS of_slice,
        w.failing - e.failing AS elsewhere, w.checked - e.checked AS of_elsewhere,
        CAST(e.failing AS DOUBLE) / e.checked / (CAST(w.failing AS DOUBLE) / w.checked) AS lift,
        2 * (
            e.failing * ln(CAST(e.failing AS DOUBLE) * w.checked / (CAST(e.checked AS DOUBLE) * w.failing))
            + CASE WHEN w.failing > e.failing
                THEN (w.failing - e.failing) * ln(CAST(w.failing - e.failing AS DOUBLE) * w.checked / (CAST(w.checked - e.checked AS DOUBLE) * w.failing))
                ELSE 0 END
            + CASE WHEN e.checked > e.failing
                THEN (e.checked - e.failing) * ln(CAST(e.checked - e.failing AS DOUBLE) * w.checked / (CAST(e.checked AS DOUBLE) * (w.checked - w.failing)))
                ELSE 0 END
            + CASE WHEN w.checked - e.checked > w.failing - e.failing
                THEN (w.checked - e.checked - w.failing + e.failing)
                    * ln(CAST(w.checked - e.checked - w.failing + e.failing AS DOUBLE) * w.checked / (CAST(w.checked - e.checked AS DOUBLE) * (w.checked - w.failing)))
                ELSE 0 END
        ) AS weight
    FROM every AS e
    INNER JOIN whole AS w ON w.finding_id = e.finding_id
    WHERE e.failing >= 5 AND 5 * e.failing >= 4 * w.failing AND 2 * e.checked <= w.checked
        AND e.checked >= e.failing AND w.checked - e.checked >= w.failing - e.failing AND w.checked > w.failing
),
ranked AS (
    SELECT
        c.*,
        row_number() OVER (
            PARTITION BY c.finding_id
            ORDER BY c.weight DESC,
                list_position(
                    ['app version', 'library version', 'event of a source', 'event', 'source', 'day', 'days', 'country'], c.dimension
                ),
                c.first, c.second
        ) AS place
    FROM compared AS c
    WHERE c.lift >= 2 AND c.weight >= 20 AND 20 * c.in_slice >= c.of_slice
        AND CAST(c.in_slice AS DOUBLE) / c.of_slice >= 3 * CAST(c.elsewhere AS DOUBLE) / c.of_elsewhere
)
SELECT
    k.code, n.name AS source, d.name AS destination, k.detail, k.kind,
    r.dimension, r.first, r.second,
    CAST(r.in_slice AS BIGINT) AS in_slice, CAST(r.of_slice AS BIGINT) AS of_slice,
    CAST(r.elsewhere AS BIGINT) AS elsewhere, CAST(r.of_elsewhere AS BIGINT) AS of_elsewhere, r.lift,
    (
        SELECT min(p.day)
        FROM counted AS c
        INNER JOIN spot AS p ON p.spot = c.spot
        WHERE c.finding_id = r.finding_id AND c.failing > 0
            AND CASE r.dimension
                WHEN 'app version' THEN p.source = r.first AND p.app_version = r.second
                WHEN 'library version' THEN p.library = r.first AND p.library_version = r.second
                WHEN 'event of a source' THEN p.source = r.first AND p.name = r.second
                WHEN 'event' THEN p.name = r.second
                WHEN 'source' THEN p.source = r.second
                WHEN 'country' THEN p.country = r.second
                ELSE TRUE
            END
    ) AS first_day
FROM ranked AS r
INNER JOIN key AS k ON k.finding_id = r.finding_id
LEFT JOIN source AS n ON n.source_id = k.source_id AND n.version_id = (SELECT v.version_id FROM newest_version AS v)
LEFT JOIN destination AS d ON d.destination_id = k.destination_id AND d.version_id = (SELECT v.version_id FROM newest_version AS v)
WHERE r.place = 1
ORDER BY r.in_slice DESC, k.code, d.name, n.name, k.detail
