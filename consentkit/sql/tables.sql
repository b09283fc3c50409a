-- The tables. Loaded data first, then the policy's rows, then fixed vocabularies.
-- Times are naive UTC. Ids ending in _key are 64-bit hashes and never shown.

-- One row per file read, with its account: lines = loaded + rejected + duplicates.
CREATE TABLE input_file (
    file_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,              -- events | deliveries
    path VARCHAR NOT NULL,
    source_given VARCHAR,               -- the source named for this file by whoever loaded it
    bytes BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    lines BIGINT NOT NULL,
    loaded BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    undated BIGINT NOT NULL,
    first_at TIMESTAMP,
    last_at TIMESTAMP,
    problem VARCHAR                     -- null, or why the file could not be read to its end
);

-- One row per line that could not be loaded, with its bytes.
CREATE TABLE rejected_line (
    file_id INTEGER NOT NULL,
    line BIGINT NOT NULL,
    code VARCHAR NOT NULL,
    content BLOB
);

-- One row per line that repeats an event: same message id, same payload.
CREATE TABLE duplicate_line (
    file_id INTEGER NOT NULL,
    line BIGINT NOT NULL,
    event_id BIGINT NOT NULL            -- the event it repeats
);

-- One row per event. event_id = file_id * 10,000,000,000 + line.
CREATE TABLE event (
    event_id BIGINT NOT NULL,
    file_id INTEGER NOT NULL,
    line BIGINT NOT NULL,
    message_id VARCHAR,
    message_key UBIGINT,
    payload_key UBIGINT,
    signature_id INTEGER NOT NULL,      -- the routing situation, all that a rule can see
    type VARCHAR,                       -- as written
    name VARCHAR,                       -- event of a track call, name of a page or screen
    anonymous_id VARCHAR,
    user_id VARCHAR,
    person_key UBIGINT,                 -- of user_id, else of anonymous_id
    event_at TIMESTAMP,                 -- timestamp, else originalTimestamp; null = undated
    received_at TIMESTAMP,
    sent_at TIMESTAMP,
    unreadable_time BOOLEAN NOT NULL,   -- a time was given and could not be read
    library VARCHAR,
    library_version VARCHAR,
    app_version VARCHAR,
    country VARCHAR
);

-- One row per event whose message id other events share with other payloads.
CREATE TABLE shared_message (
    event_id BIGINT NOT NULL,
    group_id BIGINT NOT NULL            -- the smallest event_id of those that share the id
);

-- One row per distinct consent stamp, as text and by its state (semantics section 1).
CREATE TABLE stamp (
    stamp_id INTEGER NOT NULL,
    stamp_key UBIGINT NOT NULL,
    form VARCHAR NOT NULL,              -- no_context | bad_context | absent | null | given
    consent VARCHAR,                    -- context.consent as JSON text
    consent_management VARCHAR,         -- context.consentManagement as JSON text
    state VARCHAR NOT NULL,             -- A0 A1 A2 A3 A4 A6; A4 may hold values that are not boolean
    dialect VARCHAR NOT NULL,           -- segment | consent-manager
    null_preferences BOOLEAN NOT NULL,  -- categoryPreferences is null
    rudder_form VARCHAR NOT NULL,       -- absent | malformed | given, of consentManagement
    provider VARCHAR NOT NULL,          -- consentManagement.provider, empty when not said
    strategy VARCHAR NOT NULL,          -- consentManagement.resolutionStrategy, empty when not said
    problem VARCHAR                     -- null | not_object | not_boolean | singular_key | blank_key
);

-- One row per stamp and category in it; granted is null where the value is not a boolean, truthy says
-- whether JavaScript takes it for true.
CREATE TABLE stamp_category (
    stamp_id INTEGER NOT NULL,
    category_id VARCHAR NOT NULL,
    granted BOOLEAN,
    truthy BOOLEAN NOT NULL
);

-- One row per id that consentManagement lists, as written and without spaces around it (semantics section 4).
CREATE TABLE stamp_listed (
    stamp_id INTEGER NOT NULL,
    side VARCHAR NOT NULL,              -- allowed | denied
    consent_id VARCHAR NOT NULL,
    trimmed_id VARCHAR NOT NULL
);

-- One row per distinct integrations object: what it says, without the options inside objects.
CREATE TABLE integrations (
    integrations_id INTEGER NOT NULL,
    canonical VARCHAR NOT NULL,
    form VARCHAR NOT NULL,              -- absent | empty | given | not_object
    all_entry VARCHAR                   -- the entry of All: allow | deny | unclear; null = not given
);

-- One row per integrations text met in the data.
CREATE TABLE integrations_text (
    text_key UBIGINT NOT NULL,
    integrations_id INTEGER NOT NULL
);

-- One row per integrations object and name in it, but All.
CREATE TABLE integrations_entry (
    integrations_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    entry VARCHAR NOT NULL              -- allow | deny | unclear
);

-- One row per distinct routing situation.
CREATE TABLE signature (
    signature_id INTEGER NOT NULL,
    source_given VARCHAR,
    source_key VARCHAR,                 -- writeKey, else sourceId, as on the event
    kind VARCHAR NOT NULL,              -- event | preference | preference_old
    named BOOLEAN NOT NULL,             -- false: a preference event with neither user nor anonymous id
    deduping BOOLEAN NOT NULL,          -- of a library that writes false for what the device has sent itself
    stamp_id INTEGER NOT NULL,
    integrations_id INTEGER NOT NULL
);

-- One row per delivery record.
CREATE TABLE delivery (
    delivery_id BIGINT NOT NULL,        -- file_id * 10,000,000,000 + row
    file_id INTEGER NOT NULL,
    line BIGINT NOT NULL,
    event_id BIGINT,                    -- null = no such event is loaded
    linked_by VARCHAR,                  -- message_id | line
    route_id INTEGER NOT NULL,
    logged_at TIMESTAMP,
    message_id VARCHAR,                 -- these three only while no event is linked
    event_file VARCHAR,
    event_line BIGINT
);

-- One row per distinct destination, status, reason and mode of delivery records, as written.
CREATE TABLE route (
    route_id INTEGER NOT NULL,
    destination VARCHAR,
    status VARCHAR,
    reason VARCHAR,
    mode VARCHAR
);

-- The policy in force, one set of rows per version.
CREATE TABLE policy_version (
    version_id INTEGER NOT NULL,
    platform VARCHAR NOT NULL,
    regime VARCHAR NOT NULL,
    valid_from TIMESTAMP NOT NULL,
    valid_to TIMESTAMP NOT NULL,
    takes_undated BOOLEAN NOT NULL,     -- an undated event can only belong to this version
    settled_from TIMESTAMP NOT NULL,    -- nearer to a change of version than its latency, what is found is
    settled_to TIMESTAMP NOT NULL,      -- possible, not certain
    only_source_id INTEGER,             -- the one source there is, when there is just one
    sources_declared BOOLEAN NOT NULL,
    file VARCHAR
);
CREATE TABLE category (version_id INTEGER NOT NULL, category_id VARCHAR NOT NULL, name VARCHAR, enabled BOOLEAN NOT NULL);
CREATE TABLE destination (
    version_id INTEGER NOT NULL,
    destination_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,              -- classic | actions | warehouse | aws-s3 | engage | other | platform
    enabled BOOLEAN NOT NULL,
    enforced BOOLEAN NOT NULL,
    known BOOLEAN NOT NULL,             -- false: only the delivery log names it
    connected_to_all BOOLEAN NOT NULL
);
CREATE TABLE destination_alias (version_id INTEGER NOT NULL, destination_id INTEGER NOT NULL, name VARCHAR NOT NULL);
CREATE TABLE category_destination (version_id INTEGER NOT NULL, category_id VARCHAR NOT NULL, destination_id INTEGER NOT NULL);
CREATE TABLE source (
    version_id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,         -- 0 = the events of no declared source
    name VARCHAR NOT NULL,
    stamps_consent BOOLEAN NOT NULL,
    stamping_since TIMESTAMP,
    enforcement VARCHAR NOT NULL,
    consent_model VARCHAR,
    consent_enabled BOOLEAN,            -- these three as the platform's settings say; null = from the mapping
    has_unmapped_destinations BOOLEAN,
    lists_categories BOOLEAN NOT NULL
);
CREATE TABLE source_category (version_id INTEGER NOT NULL, source_id INTEGER NOT NULL, category_id VARCHAR NOT NULL);
-- RudderStack: one row per category id of a consent setting of a destination; source_id null = every source.
CREATE TABLE destination_consent (
    version_id INTEGER NOT NULL,
    destination_id INTEGER NOT NULL,
    source_id INTEGER,
    provider VARCHAR NOT NULL,
    legacy BOOLEAN NOT NULL,
    strategy VARCHAR,
    category_id VARCHAR NOT NULL,
    trimmed_id VARCHAR NOT NULL
);
CREATE TABLE source_key (version_id INTEGER NOT NULL, source_id INTEGER NOT NULL, write_key VARCHAR NOT NULL);
CREATE TABLE connection (version_id INTEGER NOT NULL, destination_id INTEGER NOT NULL, source_id INTEGER NOT NULL);
-- One row per name in the data that resembles a name it is not equal to: never joined, only told.
CREATE TABLE near_miss (version_id INTEGER NOT NULL, name VARCHAR NOT NULL, resembles VARCHAR NOT NULL);
CREATE TABLE category_near_miss (version_id INTEGER NOT NULL, name VARCHAR NOT NULL, resembles VARCHAR NOT NULL);

-- Fixed vocabularies, filled from vocabulary.sql.
CREATE TABLE status_word (word VARCHAR NOT NULL, status VARCHAR NOT NULL);
CREATE TABLE reason_code (word VARCHAR NOT NULL, code VARCHAR NOT NULL, means VARCHAR NOT NULL);
CREATE TABLE reject_code (code VARCHAR NOT NULL, message VARCHAR NOT NULL);
CREATE TABLE decision_reason (
    reason VARCHAR NOT NULL,
    says VARCHAR NOT NULL,              -- allow | deny | unclear
    meaning VARCHAR NOT NULL,
    source VARCHAR NOT NULL
);
CREATE TABLE finding_code (
    code VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,          -- critical | warning | info
    title VARCHAR NOT NULL,
    advice VARCHAR NOT NULL,
    source VARCHAR NOT NULL
);

-- What consentkit itself needs to know of this database.
CREATE TABLE about (name VARCHAR NOT NULL, value VARCHAR NOT NULL);
