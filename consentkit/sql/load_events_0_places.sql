-- The places the policy names for consent, besides context.consent: known while lines are read.
SET VARIABLE stamp_paths = (SELECT coalesce(list(DISTINCT p.path ORDER BY p.path), []) FROM stamp_place AS p)
