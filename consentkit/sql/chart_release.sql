-- One row per release ($1 code, $2 source or null, $3 destination, null where the code is found of events): what failed of
-- what was checked, in the order in which releases appear. A release is the app version where there is one, else the
-- library's version.
WITH slice AS (
    SELECT e.code, e.source, NULL AS destination, e.library, e.library_version, e.app_version, e.day, e.checked - e.unclear AS checked, e.failing
    FROM event_slice AS e
    WHERE $3 IS NULL
    UNION ALL
    SELECT d.code, d.source, d.destination, d.library, d.library_version, d.app_version, d.day, d.checked - d.unclear AS checked, d.failing
    FROM delivery_slice AS d
    WHERE d.destination = $3
)
SELECT
    CASE WHEN s.app_version IS NULL THEN coalesce(s.library, '(no library named)') ELSE s.source END AS product,
    coalesce(s.app_version, s.library_version, '(no version)') AS release,
    CAST(greatest(sum(s.checked), sum(s.failing)) AS BIGINT) AS checked,
    CAST(sum(s.failing) AS BIGINT) AS failing,
    min(s.day) AS first_day,
    max(s.day) AS last_day
FROM slice AS s
WHERE s.code = $1 AND ($2 IS NULL OR s.source = $2)
GROUP BY product, release
HAVING sum(s.checked) > 0 OR sum(s.failing) > 0
ORDER BY product, first_day NULLS LAST, release
