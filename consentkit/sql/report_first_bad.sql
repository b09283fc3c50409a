-- The first day of every finding, and its first version where there is one.
SELECT b.* FROM first_bad AS b ORDER BY b.code, b.certainty, b.destination, b.source, b.detail
