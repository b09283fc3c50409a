-- One row per finding whose number is not the same under the new policy. Read inside a simulation.
-- A destination is called by the name that shown_as gives it, so that a new name alone changes no number.
WITH before AS (
    SELECT f.code, f.certainty, f.source, coalesce(s.destination, f.destination) AS destination, f.detail, f.n, f.people
    FROM before_finding AS f
    LEFT JOIN shown_as AS s ON s.name = f.destination
),
after AS (
    SELECT
        f.code, f.certainty, f.source, coalesce(s.destination, f.destination) AS destination, f.detail,
        coalesce(f.deliveries, f.events) AS n, f.people
    FROM finding AS f
    LEFT JOIN shown_as AS s ON s.name = f.destination
)
SELECT
    k.code, k.severity, coalesce(o.certainty, a.certainty) AS certainty, k.title,
    coalesce(o.source, a.source) AS source,
    coalesce(o.destination, a.destination) AS destination,
    coalesce(o.detail, a.detail) AS detail,
    coalesce(o.n, 0) AS before, coalesce(a.n, 0) AS after, coalesce(o.people, 0) AS people_before, coalesce(a.people, 0) AS people_after
FROM before AS o
FULL JOIN after AS a
    ON a.code = o.code AND a.certainty = o.certainty AND a.source IS NOT DISTINCT FROM o.source
    AND a.destination IS NOT DISTINCT FROM o.destination AND a.detail IS NOT DISTINCT FROM o.detail
INNER JOIN finding_code AS k ON k.code = coalesce(o.code, a.code)
WHERE coalesce(o.n, 0) <> coalesce(a.n, 0)
ORDER BY
    CASE k.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,
    abs(coalesce(o.n, 0) - coalesce(a.n, 0)) DESC, k.code, destination, source, detail
