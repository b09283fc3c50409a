-- Records that found an event before others of its message id were loaded belong to the first of them, as those do that are
-- loaded later. Run only where there are such events, since every record is looked at.
UPDATE delivery SET event_id = s.group_id
FROM sharing AS s
WHERE delivery.event_id = s.event_id AND delivery.linked_by = 'message_id' AND s.differs AND s.event_id <> s.group_id
