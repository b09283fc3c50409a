-- What stamps in the words of other tools say, read once per distinct stamp and place: which tool wrote it, and each
-- category with the word it was given. Which word means what is told by the vocabulary and the policy, in the view
-- stamp_reading. How each tool writes is rows: dialect_sign (by what it is recognised), dialect_part (where ids stand).
CREATE OR REPLACE TEMP TABLE other_stamp AS
WITH found AS (
    SELECT v.version_id, s.stamp_id, 'context.consent' AS place, s.consent::JSON AS payload, NULL::VARCHAR AS declared
    FROM stamp AS s
    CROSS JOIN policy_version AS v
    WHERE (s.dialect <> 'segment' OR s.state IN ('A2', 'A6')) AND s.consent IS NOT NULL AND s.consent <> '{}'
        AND NOT EXISTS (SELECT 1 FROM stamp_place AS p WHERE p.version_id = v.version_id AND p.place = 'context.consent')
    UNION ALL
    SELECT p.version_id, s.stamp_id, p.place, e.value, p.dialect
    FROM stamp AS s, json_each(s.said::JSON) AS e
    INNER JOIN stamp_place AS p ON p.path = e.key
    WHERE s.said IS NOT NULL AND e.type <> 'NULL'
),
recognised AS (
    SELECT f.version_id, f.stamp_id, f.place, min_by(g.dialect, g.rank) AS dialect
    FROM found AS f
    CROSS JOIN dialect_sign AS g
    WHERE f.declared IS NULL
        AND CASE
            WHEN g.path IS NOT NULL THEN json_type(f.payload) = 'OBJECT' AND json_exists(f.payload, g.path)
            ELSE json_type(f.payload) = 'VARCHAR' AND regexp_full_match(f.payload ->> '$', g.pattern)
        END
    GROUP BY f.version_id, f.stamp_id, f.place
)
SELECT f.version_id, f.stamp_id, f.place, f.payload, coalesce(f.declared, r.dialect, 'unknown') AS dialect
FROM found AS f
LEFT JOIN recognised AS r ON r.version_id = f.version_id AND r.stamp_id = f.stamp_id AND r.place = f.place;

DELETE FROM stamp_dialect;
INSERT INTO stamp_dialect SELECT o.version_id, o.stamp_id, o.place, o.dialect FROM other_stamp AS o WHERE o.dialect <> 'segment';

DELETE FROM stamp_entry;
INSERT INTO stamp_entry
WITH part AS (
    SELECT o.version_id, o.stamp_id, o.place, o.dialect, o.payload, x.shape, x.word, x.path
    FROM other_stamp AS o
    INNER JOIN dialect_part AS x ON x.dialect = o.dialect
    UNION ALL
    -- read by the policy's own words: an object by its keys, anything else as a value or a list of ids
    SELECT
        o.version_id, o.stamp_id, o.place, o.dialect, o.payload,
        CASE
            WHEN json_type(o.payload) = 'OBJECT' THEN 'keys'
            WHEN p.category_id IS NOT NULL THEN 'value'
            WHEN json_type(o.payload) = 'ARRAY' THEN 'list'
            ELSE 'text'
        END,
        CASE WHEN json_type(o.payload) = 'OBJECT' THEN '' WHEN p.category_id IS NOT NULL THEN p.category_id ELSE 'listed' END, '$'
    FROM other_stamp AS o
    INNER JOIN stamp_place AS p ON p.version_id = o.version_id AND p.place = o.place AND p.dialect = p.place AND o.dialect = p.dialect
),
held AS (
    SELECT p.*, json_extract(p.payload, p.path) AS inside, json_type(p.payload, p.path) AS inside_type FROM part AS p
),
keyed AS (
    SELECT h.*, e.key AS name, CASE WHEN h.shape = 'consented' THEN json_extract(e.value, '$.consented') ELSE e.value END AS value
    FROM held AS h, json_each(h.inside) AS e
    WHERE h.shape IN ('keys', 'consented') AND h.inside_type = 'OBJECT'
),
said AS (
    -- an object: key and value, or what stands inside the value under consented. The text "true" keeps its quotes: it is
    -- not the boolean that tools write. What the policy's own words mean holds for both
    SELECT
        k.version_id, k.stamp_id, k.place, k.dialect, k.name,
        k.word || CASE
            WHEN k.dialect <> k.place AND k.value::VARCHAR IN ('"true"', '"false"', '"null"') THEN k.value::VARCHAR
            ELSE coalesce(k.value ->> '$', CASE k.shape WHEN 'keys' THEN 'null' ELSE '' END)
        END AS word
    FROM keyed AS k
    UNION ALL
    -- a list of ids, or an object whose keys are the ids; the word may stand elsewhere in the payload, or be missing there
    SELECT
        h.version_id, h.stamp_id, h.place, h.dialect, CASE WHEN h.inside_type = 'OBJECT' THEN e.key ELSE e.value ->> '$' END,
        CASE WHEN starts_with(h.word, '$.') THEN coalesce(json_extract_string(h.payload, h.word), '') ELSE h.word END
    FROM held AS h, json_each(h.inside) AS e
    WHERE h.shape = 'list' AND h.inside_type IN ('ARRAY', 'OBJECT')
    UNION ALL
    -- a text: ids between commas, only the ends of the whole trimmed; C0001:1 says on or off of each
    SELECT
        h.version_id, h.stamp_id, h.place, h.dialect, CASE WHEN h.dialect = 'onetrust' AND regexp_matches(t.id, ':[01]$') THEN split_part(t.id, ':', 1) ELSE t.id END,
        CASE WHEN h.dialect = 'onetrust' AND regexp_matches(t.id, ':[01]$') THEN split_part(t.id, ':', 2) ELSE h.word END
    FROM held AS h
    CROSS JOIN unnest(string_split(regexp_replace(trim(h.inside ->> '$'), '^groups=', ''), ',')) AS t(id)
    WHERE h.shape = 'text' AND h.inside_type = 'VARCHAR'
    UNION ALL
    -- one value for one category
    SELECT h.version_id, h.stamp_id, h.place, h.dialect, h.word, h.inside ->> '$'
    FROM held AS h
    WHERE h.shape = 'value'
),
named AS (
    SELECT DISTINCT s.version_id, s.stamp_id, s.place, s.dialect, coalesce(p.category_id, d.category_id, s.name) AS category_id, s.word
    FROM said AS s
    LEFT JOIN stamp_name AS p ON p.version_id = s.version_id AND p.place = s.place AND p.name = s.name
    LEFT JOIN dialect_name AS d ON d.dialect = s.dialect AND d.name = s.name
    WHERE s.name <> ''
),
listing AS (
    SELECT DISTINCT h.version_id, h.stamp_id, h.place, h.dialect,
        CASE WHEN starts_with(h.word, '$.') THEN 'unlisted ' || coalesce(json_extract_string(h.payload, h.word), '') ELSE 'unlisted' END AS word
    FROM held AS h
    WHERE h.shape IN ('list', 'text') AND h.dialect <> 'rudderstack'
)
SELECT n.version_id, n.stamp_id, n.place, n.dialect, n.category_id, n.word
FROM named AS n
-- OneTrust ignores groups that its configuration does not know
WHERE n.dialect <> 'onetrust' OR EXISTS (
    SELECT 1 FROM category AS c WHERE c.version_id = n.version_id AND trim(c.category_id) = n.category_id
)
UNION ALL
-- categories of the policy that a list leaves out
SELECT l.version_id, l.stamp_id, l.place, l.dialect, trim(c.category_id), l.word
FROM listing AS l
INNER JOIN category AS c ON c.version_id = l.version_id
WHERE NOT EXISTS (
    SELECT 1 FROM named AS n
    WHERE n.version_id = l.version_id AND n.stamp_id = l.stamp_id AND n.place = l.place AND n.category_id = trim(c.category_id)
)
