-- One row: how many events there are, how many of them undated, and from when to when.
SELECT count(*) AS events, count(*) - count(e.event_at) AS undated, min(e.event_at) AS first_at, max(e.event_at) AS last_at
FROM event AS e
