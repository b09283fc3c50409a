-- For people: what the stamps of the retired Consent Manager would mean today, by destination.
SELECT m.* FROM migration_meaning AS m
ORDER BY m.destination
