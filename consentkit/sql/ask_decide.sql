-- Every decision, in the order of the files.
SELECT
    v.message_id, v.event_file, v.event_line, v.destination, v.outcome, v.reason, v.required, v.refused,
    v.documented_outcome, v.regime_outcome, v.rule
FROM event_decision AS v
ORDER BY v.file_id, v.event_line, v.destination
