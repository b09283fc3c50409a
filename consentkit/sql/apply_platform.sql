-- Segment itself is a destination of the sources whose SDK decides whether an event leaves the device.
INSERT INTO destination
SELECT v.version_id, 0, 'Segment.io', 'platform', TRUE, FALSE, TRUE, FALSE
FROM policy_version AS v
WHERE v.platform = 'segment'
    AND EXISTS (
        SELECT 1 FROM source AS s
        WHERE s.version_id = v.version_id AND s.enforcement IN ('analytics.js', 'kotlin', 'swift', 'react-native')
    )
    AND NOT EXISTS (SELECT 1 FROM destination_alias AS a WHERE a.version_id = v.version_id AND a.name = 'Segment.io')
    AND NOT EXISTS (SELECT 1 FROM destination AS d WHERE d.version_id = v.version_id AND d.destination_id = 0);

INSERT INTO destination_alias
SELECT d.version_id, d.destination_id, d.name
FROM destination AS d
WHERE d.kind = 'platform'
    AND NOT EXISTS (SELECT 1 FROM destination_alias AS a WHERE a.version_id = d.version_id AND a.destination_id = d.destination_id);

INSERT INTO connection
SELECT s.version_id, d.destination_id, s.source_id
FROM destination AS d
INNER JOIN source AS s
    ON s.version_id = d.version_id AND s.source_id > 0
    AND s.enforcement IN ('analytics.js', 'kotlin', 'swift', 'react-native')
WHERE d.kind = 'platform'
    AND NOT EXISTS (SELECT 1 FROM connection AS c WHERE c.version_id = s.version_id AND c.destination_id = d.destination_id AND c.source_id = s.source_id)
