-- One row per source, library version and app version: events, those that carry a consent object, those that must.
SELECT
    CASE WHEN grouping(t.app_version) = 0 THEN 'app version' WHEN grouping(t.library) = 0 THEN 'library' ELSE 'source' END AS part,
    CASE WHEN grouping(t.library) = 0 THEN coalesce(t.library, '(no library named)') ELSE t.source END AS name,
    CASE WHEN grouping(t.app_version) = 0 THEN t.app_version WHEN grouping(t.library) = 0 THEN t.library_version END AS version,
    CAST(sum(t.events) AS BIGINT) AS events,
    CAST(sum(t.stamped) AS BIGINT) AS stamped,
    CAST(sum(t.must_carry) AS BIGINT) AS must_carry,
    min(t.day) AS first_day,
    max(t.day) AS last_day
FROM event_tally AS t
GROUP BY GROUPING SETS ((t.source), (t.library, t.library_version), (t.source, t.app_version))
HAVING part <> 'app version' OR t.app_version IS NOT NULL
ORDER BY part, sum(t.stamped) / sum(t.events), sum(t.events) DESC, name, version
