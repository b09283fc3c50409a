-- One row per destination and pair of outcomes under the policy in force and the new one: events and people, and
-- what the delivery log tells of them. Read inside a simulation; see simulate_2_after.sql.
WITH counted AS (
    SELECT c.destination, c.was, c.becomes, sum(c.events) AS events, arg_max(c.reason, c.events) AS reason
    FROM change AS c
    GROUP BY c.destination, c.was, c.becomes
),
person AS (
    SELECT e.destination, e.was, e.becomes, count(DISTINCT e.person_key) AS people
    FROM changed_event AS e
    GROUP BY e.destination, e.was, e.becomes
),
logged AS (
    SELECT DISTINCT r.route_id, s.destination, m.status
    FROM route AS r
    INNER JOIN shown_as AS s ON s.name = r.destination
    INNER JOIN route_meaning AS m ON m.route_id = r.route_id
),
told AS (
    SELECT
        e.destination, e.was, e.becomes,
        count(*) FILTER (l.status = 'delivered') AS delivered,
        count(*) FILTER (l.status = 'filtered') AS filtered,
        count(DISTINCT CASE WHEN l.status = 'delivered' THEN e.person_key END) AS people_delivered
    FROM changed_event AS e
    INNER JOIN delivery AS d ON d.event_id = e.event_id
    INNER JOIN logged AS l ON l.route_id = d.route_id AND l.destination = e.destination
    GROUP BY e.destination, e.was, e.becomes
)
SELECT
    c.destination, c.was, c.becomes,
    CAST(c.events AS BIGINT) AS events,
    CAST(sum(c.events) OVER (PARTITION BY c.destination) AS BIGINT) AS of_events,
    p.people,
    CASE WHEN c.was <> c.becomes THEN coalesce(t.delivered, 0) END AS delivered,
    CASE WHEN c.was <> c.becomes THEN coalesce(t.people_delivered, 0) END AS people_delivered,
    CASE WHEN c.was <> c.becomes THEN coalesce(t.filtered, 0) END AS filtered,
    c.reason, r.meaning
FROM counted AS c
LEFT JOIN person AS p ON p.destination = c.destination AND p.was = c.was AND p.becomes = c.becomes
LEFT JOIN told AS t ON t.destination = c.destination AND t.was = c.was AND t.becomes = c.becomes
LEFT JOIN decision_reason AS r ON r.reason = c.reason
ORDER BY
    sum(CASE WHEN c.was <> c.becomes THEN c.events ELSE 0 END) OVER (PARTITION BY c.destination) DESC,
    c.destination, c.was = c.becomes, c.events DESC, c.was, c.becomes
