-- One row per preference event that changes nothing: its device and its person had said all of it before. Normal, since
-- some banners send one whenever they close (RULES.md 2.3; 10, X43).
SELECT DISTINCT s.event_id AS event_id
FROM preference_subject AS s
LEFT JOIN consent_interval AS i ON i.event_id = s.event_id
WHERE i.event_id IS NULL AND s.announced = TRUE
