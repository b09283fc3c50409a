-- What the policy has, and how often the data shows it.
SELECT u.part, u.name, u.provider, u.source, u.seen, u.looked_at
FROM policy_use AS u
ORDER BY u.part, u.name, u.provider, u.source
