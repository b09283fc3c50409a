-- Every decision as flat text that a spreadsheet takes as text, never as a formula.
SELECT
    CASE WHEN regexp_matches(v.message_id, '^[=+\-@\t\r]') THEN '''' || v.message_id ELSE v.message_id END AS message_id,
    v.event_file, v.event_line,
    CASE WHEN regexp_matches(v.destination, '^[=+\-@\t\r]') THEN '''' || v.destination ELSE v.destination END AS destination,
    v.outcome, v.reason,
    array_to_string(v.required, '; ') AS required,
    array_to_string(v.refused, '; ') AS refused,
    v.documented_outcome, v.regime_outcome, v.rule
FROM event_decision AS v
ORDER BY v.file_id, v.event_line, v.destination
