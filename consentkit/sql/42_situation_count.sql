-- One row per routing situation, policy version and route: its delivery records, those apart whose event is near a change of
-- version (settled is false). There are few such rows and very many records.
-- A record whose message id is shared by events of several situations is left out, as it belongs to none for certain.
SELECT
    q.signature_id AS signature_id,
    q.version_id AS version_id,
    q.route_id AS route_id,
    q.settled AS settled,
    COUNT(*) AS records
FROM delivery_situation AS q
WHERE q.candidates = 1
GROUP BY q.signature_id, q.version_id, q.route_id, q.settled
