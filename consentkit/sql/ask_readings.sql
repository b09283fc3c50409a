-- What each line's stamps say, whichever tool wrote them; one row with neither category nor word for a stamp that says nothing.
SELECT e.line, coalesce(c.dialect, d.dialect) AS dialect, c.category_id, c.says
FROM event AS e
INNER JOIN signature AS g ON g.signature_id = e.signature_id
LEFT JOIN stamp_canonical AS c ON c.stamp_id = g.stamp_id
LEFT JOIN stamp_dialect AS d ON d.stamp_id = g.stamp_id
