-- One row per refusal and destination it closes: a subject's choice by which a category the destination needs became
-- refused, by the policy in force at that time. Destinations that are exempt, or connected to no source, are left out.
-- refused_at to ended_at is how long a needed category of this choice stayed refused. first_choice: no earlier choice
-- of the subject is in the log, which does not mean there was none. A device that belongs to one person is left out: what is
-- chosen there is the person's.
SELECT
    i.subject_kind AS subject_kind,
    i.subject_id AS subject_id,
    i.event_id AS refusal_event_id,
    d.destination_id AS destination_id,
    i.valid_from AS refused_at,
    MAX(i.valid_to) AS ended_at,
    MIN(CASE WHEN i.previous_value IS NULL THEN 1 ELSE 0 END) AS first_choice,
    MIN(c.anonymous_id) AS anonymous_id
FROM consent_interval AS i
INNER JOIN event AS c ON c.event_id = i.event_id
LEFT JOIN device_person AS u ON u.anonymous_id = i.subject_id AND u.users = 1 AND i.subject_kind = 'device'
INNER JOIN destination_category AS r ON r.category_id = i.category_id
INNER JOIN policy_version AS v
    ON v.version_id = r.version_id AND v.valid_from <= i.valid_from AND i.valid_from < v.valid_to
INNER JOIN destination AS d ON d.version_id = r.version_id AND d.destination_id = r.destination_id
INNER JOIN (
    SELECT DISTINCT t.version_id AS version_id, t.destination_id AS destination_id FROM connected AS t WHERE t.source_id <> 0
) AS o ON o.version_id = d.version_id AND o.destination_id = d.destination_id
WHERE i.value = 'false' AND u.anonymous_id IS NULL AND d.known = TRUE AND d.kind NOT IN ('aws-s3', 'platform')
    AND (d.kind <> 'engage' OR d.enforced = TRUE)
GROUP BY i.subject_kind, i.subject_id, i.event_id, d.destination_id, i.valid_from
