-- One row per routing situation, policy version and route that says delivered: where such a delivery stands, one word for each.
-- refused, refused elsewhere (in a stamp the platform does not read), granted: it was held against consent. integrations:
-- these said no, whatever was consented to. silent: the event says nothing of what the destination needs. exempt, needs
-- none: the destination needs no consent. cannot tell, unknown destination: nobody knows.
SELECT
    x.signature_id AS signature_id,
    x.version_id AS version_id,
    r.route_id AS route_id,
    CASE
        WHEN a.answer = 'refused' THEN CASE WHEN x.consent_says = 'deny' THEN 'refused' ELSE 'refused elsewhere' END
        WHEN x.integrations_say = 'deny' THEN 'integrations'
        WHEN d.known = FALSE THEN 'unknown destination'
        WHEN x.outcome = 'indeterminate' THEN 'cannot tell'
        WHEN a.answer = 'needs none' AND x.consent_reason IN ('exempt', 'preference_event') THEN 'exempt'
        ELSE a.answer
    END AS standing
FROM decision AS x
INNER JOIN situation_answer AS a
    ON a.signature_id = x.signature_id AND a.version_id = x.version_id AND a.destination_id = x.destination_id
INNER JOIN destination AS d ON d.version_id = x.version_id AND d.destination_id = x.destination_id
INNER JOIN route_meaning AS r ON r.version_id = x.version_id AND r.destination_id = x.destination_id
WHERE r.status = 'delivered'
