-- How much was read, per kind of input.
SELECT f.kind, count(*) AS files, CAST(sum(f.lines) AS BIGINT) AS lines, CAST(sum(f.rejected) AS BIGINT) AS rejected,
    CAST(sum(f.duplicates) AS BIGINT) AS repeats
FROM input_file AS f
GROUP BY f.kind
ORDER BY f.kind DESC
