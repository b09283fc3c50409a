-- Records that another file holds as well, because a log has grown or exports overlap, are counted once (RULES.md 2.2): alike
-- in every word and in how they name their event, and the first such record of a file is the first of another, the
-- second the second. So there are as many as in the file with the most of them, whatever the order of the files.
-- Records are compared by numbers; that two which differ share one is as good as impossible.
CREATE OR REPLACE TEMP VIEW logged_delivery AS
SELECT
    d.delivery_id, d.linked_by, d.route_id, d.logged_at,
    -- what was loaded before stands for one file, as none of it is a repeat
    CASE WHEN d.file_id IN (SELECT r.file_id FROM reading_file AS r) THEN d.file_id ELSE 0 END AS place,
    -- a line that is not loaded names no event yet, though its message id may: two such lines are two events
    CASE WHEN p.delivery_id IS NULL THEN d.event_id::UBIGINT ELSE hash(p.message_id, p.event_file, p.event_line) END AS named
FROM delivery AS d
CROSS JOIN log_overlap AS o
LEFT JOIN pending_delivery AS p
    ON p.delivery_id = d.delivery_id AND coalesce(d.linked_by = 'message_id', TRUE)
WHERE (d.logged_at >= o.from_at AND d.logged_at <= o.to_at) OR (d.logged_at IS NULL AND o.undated);

CREATE OR REPLACE TEMP TABLE shared_route AS
SELECT f.route_id
FROM (SELECT DISTINCT l.route_id, l.place FROM logged_delivery AS l) AS f
GROUP BY f.route_id
HAVING count(*) > 1;

-- Of the events with records in several files, those records that are alike: most are not, and the others need no numbering.
CREATE OR REPLACE TEMP TABLE repeated_delivery AS
WITH spread AS (
    SELECT l.named
    FROM logged_delivery AS l
    WHERE l.route_id IN (SELECT s.route_id FROM shared_route AS s)
    GROUP BY l.named
    HAVING min(l.place) <> max(l.place)
),
keyed AS (
    SELECT l.delivery_id, l.place, hash(l.named, l.linked_by, l.route_id, l.logged_at) AS likeness
    FROM logged_delivery AS l
    WHERE l.route_id IN (SELECT s.route_id FROM shared_route AS s) AND l.named IN (SELECT s.named FROM spread AS s)
),
again AS (
    SELECT k.likeness FROM keyed AS k GROUP BY k.likeness HAVING min(k.place) <> max(k.place)
),
numbered AS (
    SELECT
        k.delivery_id, k.place, k.likeness,
        row_number() OVER (PARTITION BY k.likeness, k.place ORDER BY k.delivery_id) AS number
    FROM keyed AS k
    WHERE k.likeness IN (SELECT a.likeness FROM again AS a)
),
first AS (
    SELECT n.delivery_id, n.place, min(n.place) OVER (PARTITION BY n.likeness, n.number) AS first_place
    FROM numbered AS n
)
SELECT f.delivery_id, f.place AS file_id
FROM first AS f
WHERE f.place > f.first_place;

DELETE FROM delivery WHERE delivery_id IN (SELECT r.delivery_id FROM repeated_delivery AS r);

DELETE FROM pending_delivery WHERE delivery_id IN (SELECT r.delivery_id FROM repeated_delivery AS r)
