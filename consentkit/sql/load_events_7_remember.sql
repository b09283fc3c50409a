-- The situations of this slice are known from now on; where every event is its own situation, remembering all of them
-- would cost more than it saves, so they are forgotten from time to time. Says how many this slice had.
DELETE FROM known_situation WHERE (SELECT count(*) FROM known_situation) > 200000;

INSERT INTO known_situation
SELECT s.situation_key, s.signature_id
FROM situation_signature AS s
WHERE NOT EXISTS (SELECT 1 FROM known_situation AS k WHERE k.situation_key = s.situation_key);

SELECT count(*) FROM situation_signature
