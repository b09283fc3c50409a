-- One row per routing situation and destination: deliver, block or indeterminate, and why.
-- Consent is looked at first, then integrations, which can only take away. A certain no of either blocks;
-- else anything unclear leaves it open; only a yes of both delivers.
SELECT
    c.signature_id AS signature_id,
    c.version_id AS version_id,
    c.destination_id AS destination_id,
    o.source_id AS source_id,
    CASE WHEN t.source_id IS NULL THEN FALSE ELSE TRUE END AS connected,
    CASE
        WHEN e.enforcement <> 'cloud' THEN 'indeterminate'
        WHEN x.says = 'deny' OR y.says = 'deny' THEN 'block'
        WHEN x.says = 'allow' AND y.says = 'allow' THEN 'deliver'
        ELSE 'indeterminate'
    END AS outcome,
    CASE
        WHEN e.enforcement <> 'cloud' THEN 'point_not_judged'
        WHEN x.says = 'deny' THEN c.reason
        WHEN y.says = 'deny' THEN i.reason
        WHEN x.says = 'allow' AND y.says = 'allow' THEN c.reason
        WHEN x.says = 'allow' THEN i.reason
        ELSE c.reason
    END AS reason,
    CASE WHEN e.enforcement <> 'cloud' THEN 'unclear' ELSE COALESCE(x.says, 'unclear') END AS consent_says,
    c.reason AS consent_reason,
    CASE WHEN e.enforcement <> 'cloud' THEN 'unclear' ELSE COALESCE(y.says, 'unclear') END AS integrations_say,
    i.reason AS integrations_reason
FROM cloud_consent AS c
INNER JOIN cloud_integrations AS i
    ON i.signature_id = c.signature_id AND i.version_id = c.version_id AND i.destination_id = c.destination_id
INNER JOIN signature_source AS o ON o.signature_id = c.signature_id AND o.version_id = c.version_id
INNER JOIN source AS e ON e.version_id = o.version_id AND e.source_id = o.source_id
LEFT JOIN decision_reason AS x ON x.reason = c.reason
LEFT JOIN decision_reason AS y ON y.reason = i.reason
LEFT JOIN connected AS t
    ON t.version_id = c.version_id AND t.destination_id = c.destination_id AND t.source_id = o.source_id
