-- The account of every source, by name.
SELECT
    g.source, g.events, g.undated, g.days, g.first_day, g.last_day, g.missing_inside, g.missing_before, g.missing_after
FROM source_ledger AS g
ORDER BY g.source
