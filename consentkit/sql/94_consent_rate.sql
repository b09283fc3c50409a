-- For people: one row per day or week (from Monday), source, country, regime, version of the banner and category:
-- consent by event, by person and by answer, each with its count. regime is the source's consent_model where it has one, else
-- the policy's; version is what the consent object says. Silence is no refusal: events that name no readable value for the category and people
-- who never answered in the log are counted apart. A person counts once, as of the last event in the row
-- (RULES.md 2.4). An answer is a preference event or, where stamps are not Segment's, an event that says something else than
-- the one before it. Who names a user id on one device only is the same person before and after.
WITH named AS (
    SELECT k.category_id FROM stamp_answer AS k
    UNION
    SELECT c.category_id FROM asked_category AS c
),
placed AS (
    SELECT
        e.event_id, e.event_at, e.country, s.name AS source, coalesce(s.consent_model, v.regime) AS regime, t.version, g.kind, g.stamp_id,
        g.kind <> 'event' OR c.event_id IS NOT NULL AS answers,
        CAST(e.event_at AS DATE) AS day, CAST(date_trunc('week', e.event_at) AS DATE) AS week
    FROM event AS e
    INNER JOIN event_in_force AS f ON f.event_id = e.event_id
    INNER JOIN signature AS g ON g.signature_id = e.signature_id
    INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id
    CROSS JOIN newest_version AS n
    INNER JOIN signature_source AS o ON o.signature_id = e.signature_id AND o.version_id = n.version_id
    INNER JOIN source AS s ON s.source_id = o.source_id AND s.version_id = n.version_id
    LEFT JOIN policy_version AS v ON v.version_id = f.version_id
    LEFT JOIN stamp_choice AS c ON c.event_id = e.event_id
),
spread AS (
    SELECT 'day' AS grain, p.day AS starts, p.* FROM placed AS p
    UNION ALL
    SELECT 'week' AS grain, p.week AS starts, p.* FROM placed AS p
),
counted AS (
    SELECT s.grain, s.starts, s.source, s.country, s.regime, s.version, s.kind, s.answers, s.stamp_id, count(*) AS events
    FROM spread AS s
    GROUP BY ALL
),
by_event AS (
    SELECT
        c.grain, c.starts, c.source, c.country, c.regime, c.version, n.category_id,
        sum(CASE WHEN c.kind = 'event' THEN c.events ELSE 0 END) AS events,
        sum(CASE WHEN c.kind = 'event' AND k.granted AND t.state <> 'A3' THEN c.events ELSE 0 END) AS events_granted,
        sum(CASE WHEN c.kind = 'event' AND (NOT k.granted OR t.state = 'A3') THEN c.events ELSE 0 END) AS events_refused,
        sum(CASE WHEN c.answers AND k.granted AND t.state <> 'A3' THEN c.events ELSE 0 END) AS answers_granted,
        sum(CASE WHEN c.answers AND (NOT k.granted OR t.state = 'A3') THEN c.events ELSE 0 END) AS answers_refused
    FROM counted AS c
    CROSS JOIN named AS n
    INNER JOIN stamp AS t ON t.stamp_id = c.stamp_id
    LEFT JOIN stamp_answer AS k ON k.stamp_id = c.stamp_id AND k.category_id = n.category_id
    GROUP BY ALL
),
seen AS (
    SELECT s.grain, s.starts, s.source, s.country, s.regime, s.version, b.subject_kind, b.subject_id, max(s.event_at) AS seen_at
    FROM spread AS s
    INNER JOIN event_subject AS b ON b.event_id = s.event_id
    GROUP BY ALL
),
by_person AS (
    SELECT
        s.grain, s.starts, s.source, s.country, s.regime, s.version, n.category_id,
        count(*) AS people,
        count(*) FILTER (i.value = 'true') AS people_granted,
        count(*) FILTER (i.value = 'false') AS people_refused,
        count(*) FILTER (i.value = 'conflict') AS people_in_conflict,
        count(*) FILTER (i.value IS NULL) AS people_without_answer
    FROM seen AS s
    CROSS JOIN named AS n
    LEFT JOIN consent_interval AS i
        ON i.subject_kind = s.subject_kind AND i.subject_id = s.subject_id AND i.category_id = n.category_id
        AND i.valid_from <= s.seen_at AND s.seen_at < i.valid_to
    GROUP BY ALL
)
SELECT
    e.grain, e.starts, e.source, e.country, e.regime, e.version, e.category_id,
    CAST(e.events AS BIGINT) AS events,
    CAST(e.events_granted AS BIGINT) AS events_granted,
    CAST(e.events_refused AS BIGINT) AS events_refused,
    CAST(e.events - e.events_granted - e.events_refused AS BIGINT) AS events_unsaid,
    CAST(e.answers_granted AS BIGINT) AS answers_granted,
    CAST(e.answers_refused AS BIGINT) AS answers_refused,
    coalesce(p.people, 0) AS people,
    coalesce(p.people_granted, 0) AS people_granted,
    coalesce(p.people_refused, 0) AS people_refused,
    coalesce(p.people_in_conflict, 0) AS people_in_conflict,
    coalesce(p.people_without_answer, 0) AS people_without_answer,
    CASE WHEN e.events_granted + e.events_refused > 0
        THEN e.events_granted / (e.events_granted + e.events_refused) END AS rate_by_event,
    CASE WHEN p.people_granted + p.people_refused > 0
        THEN p.people_granted / (p.people_granted + p.people_refused) END AS rate_by_person
FROM by_event AS e
LEFT JOIN by_person AS p
    ON p.grain = e.grain AND p.starts IS NOT DISTINCT FROM e.starts AND p.source = e.source
    AND p.country IS NOT DISTINCT FROM e.country AND p.regime IS NOT DISTINCT FROM e.regime
    AND p.version IS NOT DISTINCT FROM e.version AND p.category_id = e.category_id
