-- Compares the new policy, now in the tables, with what was kept of the one before.
CREATE TEMP TABLE after_alias AS
SELECT a.name, arg_max(d.name, d.version_id) AS destination, bool_or(d.known) AS known
FROM destination_alias AS a
INNER JOIN destination AS d ON d.version_id = a.version_id AND d.destination_id = a.destination_id
WHERE d.kind <> 'platform'
GROUP BY a.name;

-- One row per name in either policy and the one name it is shown by: the new policy's where it knows the name,
-- else the old one's, so that a destination that was renamed is not taken for one that went and one that came.
CREATE TEMP TABLE shown_as AS
SELECT
    coalesce(o.name, n.name) AS name,
    CASE WHEN n.known THEN n.destination WHEN o.known THEN coalesce(m.destination, o.destination) ELSE coalesce(n.destination, o.destination) END AS destination
FROM before_alias AS o
FULL JOIN after_alias AS n ON n.name = o.name
LEFT JOIN after_alias AS m ON m.name = o.destination AND m.known;

-- One row per routing situation and the versions of both policies that judge its events: how many there are.
CREATE TEMP TABLE judged_event AS
SELECT e.signature_id, coalesce(o.version_id, 0) AS old_version, coalesce(n.version_id, 0) AS new_version, count(*) AS events
FROM event AS e
INNER JOIN before_window AS o
    ON (e.event_at >= o.valid_from AND e.event_at < o.valid_to) OR (e.event_at IS NULL AND o.takes_undated)
INNER JOIN policy_window AS n
    ON (e.event_at >= n.valid_from AND e.event_at < n.valid_to) OR (e.event_at IS NULL AND n.takes_undated)
GROUP BY e.signature_id, coalesce(o.version_id, 0), coalesce(n.version_id, 0);

-- One row per such group of events and destination: the outcome under both, or why there is none. An event before the
-- first version of a policy cannot be told. Destinations that only the log names are judged by no policy.
CREATE TEMP TABLE change AS
WITH old_known AS (
    SELECT DISTINCT s.destination FROM before_alias AS o INNER JOIN shown_as AS s ON s.name = o.name WHERE o.known
),
new_known AS (
    SELECT DISTINCT s.destination FROM after_alias AS n INNER JOIN shown_as AS s ON s.name = n.name WHERE n.known
),
old AS (
    SELECT j.signature_id, j.old_version, j.new_version, s.destination, min(b.outcome) AS outcome
    FROM judged_event AS j
    INNER JOIN before_decision AS b ON b.signature_id = j.signature_id AND b.version_id = j.old_version
    INNER JOIN shown_as AS s ON s.name = b.destination
    WHERE b.known
    GROUP BY j.signature_id, j.old_version, j.new_version, s.destination
),
new AS (
    SELECT j.signature_id, j.old_version, j.new_version, s.destination, min(x.outcome) AS outcome, min(x.reason) AS reason
    FROM judged_event AS j
    INNER JOIN decision AS x ON x.signature_id = j.signature_id AND x.version_id = j.new_version AND x.connected
    INNER JOIN destination AS d
        ON d.version_id = x.version_id AND d.destination_id = x.destination_id AND d.kind <> 'platform'
    INNER JOIN shown_as AS s ON s.name = d.name
    WHERE d.known
    GROUP BY j.signature_id, j.old_version, j.new_version, s.destination
),
either AS (
    SELECT
        coalesce(o.signature_id, n.signature_id) AS signature_id,
        coalesce(o.old_version, n.old_version) AS old_version,
        coalesce(o.new_version, n.new_version) AS new_version,
        coalesce(o.destination, n.destination) AS destination,
        o.outcome AS old_outcome, n.outcome AS new_outcome, n.reason AS new_reason
    FROM old AS o
    FULL JOIN new AS n
        ON n.signature_id = o.signature_id AND n.old_version = o.old_version AND n.new_version = o.new_version
        AND n.destination = o.destination
)
SELECT
    e.signature_id, e.old_version, e.new_version, e.destination,
    CASE
        WHEN o.destination IS NULL THEN 'not in the policy'
        WHEN e.old_version = 0 THEN 'indeterminate'
        ELSE coalesce(e.old_outcome, 'not connected')
    END AS was,
    CASE
        WHEN n.destination IS NULL THEN 'not in the policy'
        WHEN e.new_version = 0 THEN 'indeterminate'
        ELSE coalesce(e.new_outcome, 'not connected')
    END AS becomes,
    CASE WHEN e.new_version = 0 THEN 'no_policy_in_force' ELSE e.new_reason END AS reason,
    j.events
FROM either AS e
INNER JOIN judged_event AS j
    ON j.signature_id = e.signature_id AND j.old_version = e.old_version AND j.new_version = e.new_version
LEFT JOIN old_known AS o ON o.destination = e.destination
LEFT JOIN new_known AS n ON n.destination = e.destination;

-- One row per event whose outcome changes at a destination. Only these are looked at one by one.
CREATE TEMP TABLE changed_event AS
SELECT e.event_id, e.person_key, c.destination, c.was, c.becomes
FROM change AS c
INNER JOIN event AS e ON e.signature_id = c.signature_id
INNER JOIN before_window AS o
    ON coalesce(o.version_id, 0) = c.old_version
    AND ((e.event_at >= o.valid_from AND e.event_at < o.valid_to) OR (e.event_at IS NULL AND o.takes_undated))
INNER JOIN policy_window AS n
    ON coalesce(n.version_id, 0) = c.new_version
    AND ((e.event_at >= n.valid_from AND e.event_at < n.valid_to) OR (e.event_at IS NULL AND n.takes_undated))
WHERE c.was <> c.becomes
