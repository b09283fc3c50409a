-- For people: how far each source has left the retired Consent Manager, day by day.
SELECT m.source, m.day, m.events, m.old_stamp, m.new_stamp, m.no_stamp, m.old_traits FROM migration_day AS m
ORDER BY m.source, m.day NULLS LAST
