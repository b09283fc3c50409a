-- The days on which events arrived, as the day of an overview is meant: by arrival, else by event time. A time more
-- than a day after the last arrival is no day of the period: a clock was wrong.
DELETE FROM event_day;
INSERT INTO event_day
WITH counted AS (
    SELECT CAST(coalesce(e.received_at, e.event_at) AS DATE) AS day, count(*) AS events, count(e.received_at) AS arrived
    FROM event AS e
    WHERE coalesce(e.received_at, e.event_at) IS NOT NULL
    GROUP BY CAST(coalesce(e.received_at, e.event_at) AS DATE)
),
followed AS (
    SELECT c.day, c.events, lead(c.day) OVER (ORDER BY c.day) AS next_day
    FROM counted AS c
    WHERE c.arrived > 0 OR c.day <= coalesce((SELECT max(l.day) FROM counted AS l WHERE l.arrived > 0), c.day)
)
SELECT
    f.day, f.events, f.next_day, coalesce(date_diff('day', f.day, f.next_day) - 1, 0),
    CASE WHEN date_diff('day', f.day, f.next_day) > 1 THEN f.day + 1 END
FROM followed AS f
