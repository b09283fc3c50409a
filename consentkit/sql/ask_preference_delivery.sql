-- Which destinations were told of the choices people made.
SELECT t.*
FROM preference_delivery AS t
ORDER BY CASE t.kind WHEN 'actions' THEN 1 WHEN 'classic' THEN 2 ELSE 3 END, t.destination
