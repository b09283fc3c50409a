-- One row per consent stamp in the words of another tool, place it stands in, and category: what the word it was given
-- means: granted, refused, unset (nothing was said) or unreadable. The vocabulary's words and the policy's own (RULES.md 11).
SELECT
    e.version_id AS version_id,
    e.stamp_id AS stamp_id,
    e.place AS place,
    e.dialect AS dialect,
    e.category_id AS category_id,
    e.word AS word,
    COALESCE(p.says, w.says, CASE WHEN e.word = 'unlisted' THEN 'unset' ELSE 'unreadable' END) AS says
FROM stamp_entry AS e
LEFT JOIN stamp_word AS p ON p.version_id = e.version_id AND p.place = e.place AND p.word = e.word
LEFT JOIN dialect_word AS w ON w.dialect = e.dialect AND w.word = e.word
