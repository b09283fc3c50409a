-- One row per delivery without consent, at a source that is opt-in (its consent_model, else the regime), of a device
-- that was first asked later: no preference event of the device or its person before it, none of its earlier stamps
-- grants anything, and one preference event after it (RULES.md 10, V24). Suspected only: an answer may be older than the log. Left out:
-- devices that never answer in the log, and destinations whose categories nobody ever refuses. What a stamp refuses is
-- V5, and a stamp that grants claims that there was consent. The few events that come before an answer are found first: records
-- are looked for of these alone.
WITH refusable AS (
    SELECT DISTINCT k.category_id AS category_id
    FROM stamp_answer AS k
    WHERE k.granted = FALSE
),
contested AS (
    SELECT DISTINCT r.version_id AS version_id, r.destination_id AS destination_id
    FROM requirement AS r
    INNER JOIN refusable AS f ON f.category_id = r.category_id
),
opted AS (
    SELECT o.signature_id AS signature_id, o.version_id AS version_id
    FROM source AS e
    INNER JOIN signature_source AS o ON o.version_id = e.version_id AND o.source_id = e.source_id
    INNER JOIN policy_version AS v ON v.version_id = e.version_id
    INNER JOIN signature AS g ON g.signature_id = o.signature_id
    INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
    LEFT JOIN stamp_answer AS a ON a.stamp_id = g.stamp_id
    WHERE COALESCE(e.consent_model, v.regime) = 'opt-in' AND g.kind = 'event' AND s.state IN ('A0', 'A1', 'A2') AND s.rudder_form = 'absent'
        AND a.stamp_id IS NULL
),
arrived AS (
    SELECT r.route_id AS route_id, r.version_id AS version_id, r.destination_id AS destination_id
    FROM route_meaning AS r
    INNER JOIN contested AS c ON c.version_id = r.version_id AND c.destination_id = r.destination_id
    INNER JOIN destination AS d ON d.version_id = r.version_id AND d.destination_id = r.destination_id
    WHERE r.status = 'delivered' AND d.kind <> 'aws-s3' AND (d.kind <> 'engage' OR d.enforced = TRUE)
),
first_answer AS (
    SELECT s.subject_kind AS subject_kind, s.subject_id AS subject_id, MIN(s.happened_at) AS answered_at
    FROM preference_subject AS s
    GROUP BY s.subject_kind, s.subject_id
),
unasked AS (
    SELECT
        e.event_id AS event_id,
        e.person_key AS person_key,
        e.event_at AS event_at,
        e.anonymous_id AS anonymous_id,
        a.answered_at AS answered_at
    FROM (SELECT DISTINCT t.signature_id AS signature_id FROM opted AS t) AS o
    INNER JOIN event AS e ON e.signature_id = o.signature_id
    INNER JOIN first_answer AS a ON a.subject_id = e.anonymous_id
    LEFT JOIN first_answer AS u ON u.subject_id = e.user_id AND u.subject_kind = 'person' AND u.answered_at <= e.stamped_to
    WHERE a.subject_kind = 'device' AND a.answered_at > e.stamped_to AND u.subject_id IS NULL
),
first_grant AS (
    SELECT e.anonymous_id AS anonymous_id, MIN(e.event_at) AS granted_at
    FROM event AS e
    INNER JOIN signature AS g ON g.signature_id = e.signature_id
    INNER JOIN (SELECT DISTINCT k.stamp_id AS stamp_id FROM stamp_answer AS k WHERE k.granted = TRUE) AS t ON t.stamp_id = g.stamp_id
    INNER JOIN (SELECT DISTINCT u.anonymous_id AS anonymous_id FROM unasked AS u) AS d ON d.anonymous_id = e.anonymous_id
    GROUP BY e.anonymous_id
)
SELECT
    q.delivery_id AS delivery_id,
    u.event_id AS event_id,
    f.version_id AS version_id,
    a.destination_id AS destination_id,
    u.person_key AS person_key,
    u.event_at AS event_at
FROM unasked AS u
LEFT JOIN first_grant AS g ON g.anonymous_id = u.anonymous_id AND g.granted_at < u.answered_at
INNER JOIN event_in_force AS f ON f.event_id = u.event_id
INNER JOIN opted AS o ON o.signature_id = f.signature_id AND o.version_id = f.version_id
INNER JOIN delivery AS q ON q.event_id = u.event_id
INNER JOIN arrived AS a ON a.route_id = q.route_id AND a.version_id = f.version_id
WHERE g.anonymous_id IS NULL
