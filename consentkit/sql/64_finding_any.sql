-- One row per finding and delivery record or event it is about: everything that can be counted.
SELECT
    f.code AS code, f.certainty AS certainty, NULL AS source_id, f.destination_id AS destination_id,
    NULL AS detail, f.delivery_id AS delivery_id, f.event_id AS event_id, f.person_key AS person_key, f.seen_at AS seen_at
FROM finding_delivery AS f
UNION ALL
SELECT
    f.code AS code, 'certain' AS certainty, NULL AS source_id, f.destination_id AS destination_id,
    NULL AS detail, f.delivery_id AS delivery_id, f.event_id AS event_id, f.person_key AS person_key, f.seen_at AS seen_at
FROM finding_record AS f
UNION ALL
SELECT
    f.code AS code, f.certainty AS certainty, f.source_id AS source_id, f.destination_id AS destination_id,
    f.detail AS detail, NULL AS delivery_id, f.event_id AS event_id, f.person_key AS person_key, f.seen_at AS seen_at
FROM finding_event AS f
UNION ALL
SELECT
    f.code AS code, f.certainty AS certainty, f.source_id AS source_id, f.destination_id AS destination_id,
    f.detail AS detail, f.delivery_id AS delivery_id, f.event_id AS event_id, f.person_key AS person_key, f.seen_at AS seen_at
FROM finding_history AS f
