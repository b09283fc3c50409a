-- One row per source and silence that is a finding: X41 inside its period, where it lacks fewer days than it has, as
-- for X27; X42 after its last day, where that is longer than any inside, and than the one day by which exports differ;
-- X39 where it is declared and has no event at all, which must not look like a source in which nothing was found.
SELECT
    CASE WHEN s.kind = 'inside' THEN 'X41' ELSE 'X42' END AS code,
    g.source AS source,
    CAST(s.missing_from AS VARCHAR) AS detail,
    s.missing AS n,
    CASE WHEN s.kind = 'inside' THEN g.days + g.missing_inside ELSE g.days + g.missing_inside + g.missing_after END AS out_of,
    s.missing_from AS first_seen,
    s.missing_to AS last_seen
FROM source_silence AS s
INNER JOIN source_ledger AS g ON g.source_id = s.source_id
WHERE (s.kind = 'inside' AND g.days > g.missing_inside)
    OR (s.kind = 'after' AND s.missing > g.longest_inside AND s.missing > 1)
UNION ALL
SELECT
    'X39' AS code,
    g.source AS source,
    CAST(NULL AS VARCHAR) AS detail,
    g.events AS n,
    t.events AS out_of,
    CAST(NULL AS DATE) AS first_seen,
    CAST(NULL AS DATE) AS last_seen
FROM source_ledger AS g
CROSS JOIN (SELECT COUNT(*) AS events FROM event AS e) AS t
WHERE g.events = 0 AND t.events > 0
