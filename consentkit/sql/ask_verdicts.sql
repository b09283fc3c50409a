-- Every verdict on every event by its line: what the platform does, what its documentation says, and why.
SELECT v.event_line, v.destination, v.outcome, v.documented_outcome, v.reason
FROM event_decision AS v
