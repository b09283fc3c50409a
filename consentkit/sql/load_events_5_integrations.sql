-- New integrations texts, reduced to what they say: per name allow, deny or unclear (RULES.md 2 and 2.6).
-- An object counts as true. The options inside objects are left out, so that a session id does not make a new situation.
CREATE OR REPLACE TEMP TABLE new_integrations AS
WITH fresh AS (
    SELECT DISTINCT i.integrations_key AS text_key, i.integrations AS text
    FROM incoming AS i
    WHERE i.reject_code IS NULL
        AND NOT EXISTS (SELECT 1 FROM integrations_text AS t WHERE t.text_key = i.integrations_key)
),
entries AS (
    SELECT
        f.text_key, e.key AS name,
        CASE
            WHEN count(DISTINCT e.value::VARCHAR) > 1 THEN 'unclear'
            WHEN any_value(e.type) = 'BOOLEAN' THEN CASE WHEN any_value(e.value::VARCHAR) = 'true' THEN 'allow' ELSE 'deny' END
            WHEN e.key = 'Warehouses' AND any_value(e.type) = 'OBJECT' THEN
                CASE
                    WHEN json_exists(any_value(e.value), '$.warehouseIds') THEN 'unclear'
                    WHEN json_type(any_value(e.value), '$.all') = 'BOOLEAN'
                        THEN CASE WHEN any_value(e.value) ->> '$.all' = 'true' THEN 'allow' ELSE 'deny' END
                    ELSE 'unclear'
                END
            WHEN e.key <> 'All' AND any_value(e.type) = 'OBJECT' THEN 'allow'
            ELSE 'unclear'
        END AS entry
    FROM fresh AS f, json_each(f.text) AS e
    WHERE json_type(f.text) = 'OBJECT'
    GROUP BY f.text_key, e.key
),
gathered AS (
    SELECT n.text_key, list(struct_pack(name := n.name, entry := n.entry) ORDER BY n.name) AS entries
    FROM entries AS n
    GROUP BY n.text_key
)
SELECT
    f.text_key,
    coalesce(g.entries, []) AS entries,
    CASE
        WHEN f.text IS NULL THEN 'absent'
        WHEN json_type(f.text) <> 'OBJECT' THEN 'not_object'
        WHEN g.entries IS NULL THEN 'empty'
        ELSE 'given'
    END AS form,
    coalesce(to_json(g.entries)::VARCHAR, form) AS canonical
FROM fresh AS f
LEFT JOIN gathered AS g ON g.text_key = f.text_key;

INSERT INTO integrations
SELECT
    CAST((SELECT coalesce(max(i.integrations_id), 0) FROM integrations AS i) + row_number() OVER (ORDER BY n.canonical) AS INTEGER),
    n.canonical, n.form,
    list_filter(n.entries, lambda e: e.name = 'All')[1].entry
FROM (SELECT DISTINCT x.canonical, x.form, x.entries FROM new_integrations AS x) AS n
WHERE NOT EXISTS (SELECT 1 FROM integrations AS i WHERE i.canonical = n.canonical);

INSERT INTO integrations_entry
SELECT DISTINCT i.integrations_id, e.entry.name, e.entry.entry
FROM new_integrations AS n
INNER JOIN integrations AS i ON i.canonical = n.canonical
CROSS JOIN unnest(n.entries) AS e(entry)
WHERE e.entry.name <> 'All'
    AND NOT EXISTS (SELECT 1 FROM integrations_entry AS k WHERE k.integrations_id = i.integrations_id);

INSERT INTO integrations_text
SELECT n.text_key, i.integrations_id
FROM new_integrations AS n
INNER JOIN integrations AS i ON i.canonical = n.canonical;
