-- Keeps what the policy in force says, before another is put in its place and everything is undone again.
CREATE TEMP TABLE before_window AS SELECT w.* FROM policy_window AS w;

-- One row per name the old policy knows: the destination it stands for; known is false where only the log has it.
CREATE TEMP TABLE before_alias AS
SELECT a.name, arg_max(d.name, d.version_id) AS destination, bool_or(d.known) AS known
FROM destination_alias AS a
INNER JOIN destination AS d ON d.version_id = a.version_id AND d.destination_id = a.destination_id
WHERE d.kind <> 'platform'
GROUP BY a.name;

CREATE TEMP TABLE before_decision AS
SELECT x.signature_id, x.version_id, d.name AS destination, d.known, x.outcome
FROM decision AS x
INNER JOIN destination AS d ON d.version_id = x.version_id AND d.destination_id = x.destination_id
WHERE x.connected AND d.kind <> 'platform';

CREATE TEMP TABLE before_finding AS
SELECT f.code, f.certainty, f.source, f.destination, f.detail, coalesce(f.deliveries, f.events) AS n, f.people
FROM finding AS f
