-- One row per refusal that is the first choice of its subject in a category, which events of the subject had carried as
-- granted before: what was refused had been granted, though no choice in the log says so (RULES.md 2.4). granted_at: the last such
-- event. Of stamps that name the category the latest counts, and of those at one time the refusing one. A person's events are those
-- that name the person, and those without a user id of a device that names nobody else; such a device is left out.
WITH refusal AS (
    SELECT
        i.subject_kind AS subject_kind, i.subject_id AS subject_id, i.category_id AS category_id, i.event_id AS event_id,
        i.valid_from AS refused_at
    FROM consent_interval AS i
    LEFT JOIN device_person AS u ON u.anonymous_id = i.subject_id AND u.users = 1 AND i.subject_kind = 'device'
    WHERE i.previous_value IS NULL AND i.value = 'false' AND u.anonymous_id IS NULL
),
subject AS (
    SELECT DISTINCT r.subject_kind AS subject_kind, r.subject_id AS subject_id, r.refused_at AS refused_at
    FROM refusal AS r
),
told AS (
    SELECT s.subject_kind AS subject_kind, s.subject_id AS subject_id, s.refused_at AS refused_at, e.signature_id AS signature_id, e.happened_at AS happened_at
    FROM subject AS s
    INNER JOIN event_moment AS e ON e.anonymous_id = s.subject_id AND e.happened_at < s.refused_at
    WHERE s.subject_kind = 'device'
    UNION ALL
    SELECT s.subject_kind AS subject_kind, s.subject_id AS subject_id, s.refused_at AS refused_at, e.signature_id AS signature_id, e.happened_at AS happened_at
    FROM subject AS s
    INNER JOIN event_moment AS e ON e.user_id = s.subject_id AND e.happened_at < s.refused_at
    WHERE s.subject_kind = 'person'
    UNION ALL
    SELECT s.subject_kind AS subject_kind, s.subject_id AS subject_id, s.refused_at AS refused_at, e.signature_id AS signature_id, e.happened_at AS happened_at
    FROM subject AS s
    INNER JOIN device_person AS d ON d.user_id = s.subject_id AND d.users = 1
    INNER JOIN event_moment AS e ON e.anonymous_id = d.anonymous_id AND e.user_id IS NULL AND e.happened_at < s.refused_at
    WHERE s.subject_kind = 'person'
),
stamped AS (
    SELECT
        t.subject_kind AS subject_kind, t.subject_id AS subject_id, t.refused_at AS refused_at, g.stamp_id AS stamp_id,
        MAX(t.happened_at) AS happened_at
    FROM told AS t
    INNER JOIN signature AS g ON g.signature_id = t.signature_id
    GROUP BY t.subject_kind, t.subject_id, t.refused_at, g.stamp_id
),
said AS (
    SELECT
        r.subject_kind AS subject_kind, r.subject_id AS subject_id, r.category_id AS category_id, r.event_id AS event_id,
        r.refused_at AS refused_at,
        MAX(CASE WHEN a.granted = TRUE THEN k.happened_at END) AS granted_at,
        MAX(CASE WHEN COALESCE(a.granted, FALSE) = FALSE THEN k.happened_at END) AS denied_at
    FROM refusal AS r
    INNER JOIN stamped AS k
        ON k.subject_kind = r.subject_kind AND k.subject_id = r.subject_id AND k.refused_at = r.refused_at
    INNER JOIN stamp_answer AS a ON a.stamp_id = k.stamp_id AND a.category_id = r.category_id
    GROUP BY r.subject_kind, r.subject_id, r.category_id, r.event_id, r.refused_at
)
SELECT
    s.subject_kind AS subject_kind,
    s.subject_id AS subject_id,
    s.category_id AS category_id,
    s.event_id AS event_id,
    s.refused_at AS refused_at,
    s.granted_at AS granted_at
FROM said AS s
WHERE s.granted_at IS NOT NULL AND (s.denied_at IS NULL OR s.granted_at > s.denied_at)
