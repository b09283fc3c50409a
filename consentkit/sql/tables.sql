-- The tables. Loaded data first, then the policy's rows, then fixed vocabularies.
-- Times are naive UTC. Ids ending in _key are 64-bit hashes and never shown.

-- A time as text, as naive UTC. Text that ends in Z is read the fast way; any other zone the slow, right one.
CREATE MACRO as_utc(t) AS
    CASE WHEN ends_with(t, 'Z') THEN try_cast(t AS TIMESTAMP) ELSE try_cast(t AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END;

-- A line number as text; -1 where it is no number of a line, which then means no event.
CREATE MACRO as_line(t) AS
    CASE WHEN regexp_full_match(trim(t), '[0-9]{1,9}([.]0*)?') THEN CAST(split_part(trim(t), '.', 1) AS BIGINT)
        WHEN t IS NOT NULL THEN -1 END;

-- One row per file read, with its account: lines = loaded + rejected + duplicates.
CREATE TABLE input_file (
    file_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,              -- events | warehouse | deliveries | counts
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

-- One row per line that repeats an event: same message id, same payload; or the warehouse row of a loaded raw line.
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
    message_id VARCHAR USING COMPRESSION zstd,
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
    country VARCHAR,
    previous_id VARCHAR,                -- of an alias call: the id that user_id replaces
    -- its stamp may be of any moment from the event to its arrival, because buffered events are stamped when sent; five
    -- minutes more either way, as clocks differ
    stamped_to TIMESTAMP,
    stamped_from TIMESTAMP GENERATED ALWAYS AS (event_at - INTERVAL 5 MINUTE) VIRTUAL
);

-- One row per event whose message id other events share with other payloads. They stand in an order of their own, by time and
-- then by payload: the same in whatever order files are loaded.
CREATE TABLE shared_message (
    event_id BIGINT NOT NULL,
    group_id BIGINT NOT NULL,           -- the event_id of the first of those that share the id: the one a delivery record finds
    place INTEGER NOT NULL,             -- of the event among them, from 1
    alike BOOLEAN NOT NULL              -- all of them are of one person and device, time and routing situation
);

-- One row per distinct consent stamp, as text and by its state (RULES.md 1).
CREATE TABLE stamp (
    stamp_id INTEGER NOT NULL,
    stamp_key UBIGINT NOT NULL,
    form VARCHAR NOT NULL,              -- no_context | bad_context | absent | null | given | unknown_empty
    consent VARCHAR,                    -- context.consent as JSON text
    consent_management VARCHAR,         -- context.consentManagement as JSON text
    state VARCHAR NOT NULL,             -- A0 A1 A2 A3 A4 A6, or A? from a warehouse; A4 may hold values that are not boolean
    dialect VARCHAR NOT NULL,           -- segment | consent-manager
    null_preferences BOOLEAN NOT NULL,  -- categoryPreferences is null
    rudder_form VARCHAR NOT NULL,       -- absent | malformed | given, of consentManagement
    provider VARCHAR NOT NULL,          -- consentManagement.provider, empty when not said
    strategy VARCHAR NOT NULL,          -- consentManagement.resolutionStrategy, empty when not said
    problem VARCHAR,                    -- null | not_object | not_boolean | singular_key | doubled_key | blank_key
    version VARCHAR,                    -- of the banner, as the consent object says it; null = not said
    odd_version BOOLEAN NOT NULL,       -- version is given and no number, which ingestion refuses (RULES.md 2.2)
    said VARCHAR                        -- what stands in the other places the policy names, a JSON object by place
);

-- One row per stamp and category in it; granted is null where the value is not a boolean, truthy says
-- whether JavaScript takes it for true.
CREATE TABLE stamp_category (
    stamp_id INTEGER NOT NULL,
    category_id VARCHAR NOT NULL,
    granted BOOLEAN,                    -- null: the value is not boolean, or written twice
    truthy BOOLEAN                      -- as JavaScript reads it; null: written twice with different values
);

-- One row per id that consentManagement lists, as written and without spaces around it (RULES.md 4).
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
    form VARCHAR NOT NULL,              -- absent | empty | given | not_object | not_recorded
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

-- One row per distinct list of destinations that an SDK says it had or had not loaded (RULES.md 3), and one per name in it.
CREATE TABLE bundle (bundle_id INTEGER NOT NULL, bundle_key UBIGINT NOT NULL);
CREATE TABLE bundle_entry (
    bundle_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    side VARCHAR NOT NULL               -- bundled | unbundled | failed: could not be started
);

-- One row per distinct routing situation.
CREATE TABLE signature (
    signature_id INTEGER NOT NULL,
    source_given VARCHAR,
    source_key VARCHAR,                 -- writeKey, else sourceId, as on the event
    kind VARCHAR NOT NULL,              -- event | preference | preference_old
    named BOOLEAN NOT NULL,             -- false: a preference event with neither user nor anonymous id
    bare BOOLEAN NOT NULL,              -- false: a preference event with properties or traits (RULES.md 10, V16)
    deduping BOOLEAN NOT NULL,          -- of a library that writes false for what the device has sent itself
    manager_traits BOOLEAN NOT NULL,    -- an identify call with the traits of the retired Consent Manager
    stamp_id INTEGER NOT NULL,
    integrations_id INTEGER NOT NULL,
    bundle_id INTEGER NOT NULL          -- 0 = the event does not say what its device had loaded
);

-- One row per delivery record. There are more of these than of anything else: what can be computed is not stored.
CREATE TABLE delivery (
    delivery_id BIGINT NOT NULL,        -- file_id * 10,000,000,000 + row
    file_id INTEGER GENERATED ALWAYS AS (CAST(delivery_id // 10000000000 AS INTEGER)) VIRTUAL,
    line BIGINT GENERATED ALWAYS AS (delivery_id % 10000000000) VIRTUAL,
    event_id BIGINT,                    -- null = no such event is loaded
    linked_by ENUM('message_id', 'line', 'only_file'),  -- only_file: a line of the only event file there is
    route_id INTEGER NOT NULL,
    logged_at TIMESTAMP
);

-- One row per delivery record whose link may change, because no event was found for it, or not the line it names, or by
-- 'only_file': how it names one.
CREATE TABLE pending_delivery (
    delivery_id BIGINT NOT NULL,
    message_id VARCHAR,
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

-- One row per warehouse table read; its rows are events, its account stands in input_file under the same file_id.
CREATE TABLE warehouse_table (
    file_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,              -- schema and table
    since TIMESTAMP,                    -- the window of arrival that was asked for
    until TIMESTAMP
);

-- One row per preference column of a warehouse table and the category it was read as.
CREATE TABLE warehouse_column (
    file_id INTEGER NOT NULL,
    column_name VARCHAR NOT NULL,
    part VARCHAR NOT NULL,              -- what of its name stands for the category
    category_id VARCHAR NOT NULL,       -- the column's own name where no category of the policy maps to it
    mapped BOOLEAN NOT NULL,
    filled BIGINT NOT NULL              -- rows in which it is not NULL
);

-- One row per destination, day, status and reason of a delivery overview: how many (RULES.md 2.2).
CREATE TABLE delivery_count (
    file_id INTEGER NOT NULL,
    line BIGINT NOT NULL,
    route_id INTEGER NOT NULL,
    day DATE NOT NULL,
    records BIGINT NOT NULL
);

-- One row per day on which an event arrived, with the next such day; filled whenever something is loaded.
CREATE TABLE event_day (
    day DATE NOT NULL,
    events BIGINT NOT NULL,
    next_day DATE,
    missing BIGINT NOT NULL,            -- days between the two
    missing_from DATE                   -- the first of them
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
-- One row per stretch of time and the version in force in it, null before the first; every event falls into one.
CREATE TABLE policy_window (
    version_id INTEGER,
    valid_from TIMESTAMP NOT NULL,
    valid_to TIMESTAMP NOT NULL,
    takes_undated BOOLEAN NOT NULL,
    settled_from TIMESTAMP NOT NULL,
    settled_to TIMESTAMP NOT NULL
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
-- One row per category and the part of a warehouse column that stands for it (RULES.md 2.7).
CREATE TABLE category_column (version_id INTEGER NOT NULL, category_id VARCHAR NOT NULL, part VARCHAR NOT NULL);
CREATE TABLE category_destination (version_id INTEGER NOT NULL, category_id VARCHAR NOT NULL, destination_id INTEGER NOT NULL);
CREATE TABLE source (
    version_id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,         -- 0 = the events of no declared source
    name VARCHAR NOT NULL,
    stamps_consent BOOLEAN NOT NULL,
    stamping_since TIMESTAMP,
    enforcement VARCHAR NOT NULL,
    consent_model VARCHAR,              -- null = not said
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
-- One row per place other than context.consent where another tool writes consent, and how it is read there (RULES.md 11).
CREATE TABLE stamp_place (
    version_id INTEGER NOT NULL,
    place VARCHAR NOT NULL,             -- as the policy writes it: context.privacy
    path VARCHAR NOT NULL,              -- the same as a JSON path
    dialect VARCHAR NOT NULL,           -- a dialect of the vocabulary, or the place itself: read by the policy's own words
    category_id VARCHAR                 -- the one category of a place that holds a single value
);
CREATE TABLE stamp_word (version_id INTEGER NOT NULL, place VARCHAR NOT NULL, word VARCHAR NOT NULL, says VARCHAR NOT NULL);
CREATE TABLE stamp_name (version_id INTEGER NOT NULL, place VARCHAR NOT NULL, name VARCHAR NOT NULL, category_id VARCHAR NOT NULL);
-- One row per consent stamp, place and the tool whose words it is in, where that is not the platform's own; and
-- one per category in it with its word. Worked out again whenever policy or events change.
CREATE TABLE stamp_dialect (version_id INTEGER NOT NULL, stamp_id INTEGER NOT NULL, place VARCHAR NOT NULL, dialect VARCHAR NOT NULL);
CREATE TABLE stamp_entry (
    version_id INTEGER NOT NULL,
    stamp_id INTEGER NOT NULL,
    place VARCHAR NOT NULL,
    dialect VARCHAR NOT NULL,
    category_id VARCHAR NOT NULL,
    word VARCHAR NOT NULL
);
-- The places that were looked at when a file of events was read.
CREATE TABLE place_read (file_id INTEGER NOT NULL, path VARCHAR NOT NULL);
CREATE TABLE source_key (version_id INTEGER NOT NULL, source_id INTEGER NOT NULL, write_key VARCHAR NOT NULL);
CREATE TABLE connection (version_id INTEGER NOT NULL, destination_id INTEGER NOT NULL, source_id INTEGER NOT NULL);
-- One row per name in the data that resembles a name it is not equal to: never joined, only told.
CREATE TABLE near_miss (version_id INTEGER NOT NULL, name VARCHAR NOT NULL, resembles VARCHAR NOT NULL);
CREATE TABLE category_near_miss (version_id INTEGER NOT NULL, name VARCHAR NOT NULL, resembles VARCHAR NOT NULL);

-- Fixed vocabularies, filled from vocabulary.sql.
CREATE TABLE status_word (word VARCHAR NOT NULL, status VARCHAR NOT NULL);
CREATE TABLE reason_code (word VARCHAR NOT NULL, code VARCHAR NOT NULL, means VARCHAR NOT NULL);
CREATE TABLE reject_code (code VARCHAR NOT NULL, message VARCHAR NOT NULL);
CREATE TABLE standing_kind (standing VARCHAR NOT NULL, kind VARCHAR NOT NULL);
CREATE TABLE decision_reason (
    reason VARCHAR NOT NULL,
    says VARCHAR NOT NULL,              -- allow | deny | unclear
    meaning VARCHAR NOT NULL,
    source VARCHAR NOT NULL
);
-- How other tools write consent (RULES.md 11): by what a stamp is recognised, where ids stand in it, other names of ids,
-- and what words mean: granted, refused or unset.
CREATE TABLE dialect_sign (rank INTEGER NOT NULL, dialect VARCHAR NOT NULL, path VARCHAR, pattern VARCHAR);
CREATE TABLE dialect_part (dialect VARCHAR NOT NULL, path VARCHAR NOT NULL, shape VARCHAR NOT NULL, word VARCHAR NOT NULL);
CREATE TABLE dialect_name (dialect VARCHAR NOT NULL, name VARCHAR NOT NULL, category_id VARCHAR NOT NULL);
CREATE TABLE dialect_word (dialect VARCHAR NOT NULL, word VARCHAR NOT NULL, says VARCHAR NOT NULL);
CREATE TABLE finding_code (
    code VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,          -- critical | warning | info
    title VARCHAR NOT NULL,
    advice VARCHAR NOT NULL,
    source VARCHAR NOT NULL
);

-- One row per subject, category and stretch of time with one value (RULES.md 2.4). It is what the view consent_stretch
-- says, kept because many views ask for it; filled whenever what it rests on has changed.
CREATE TABLE consent_interval (
    subject_kind VARCHAR NOT NULL,      -- device | person
    subject_id VARCHAR NOT NULL,        -- anonymous id or user id
    category_id VARCHAR NOT NULL,
    value VARCHAR NOT NULL,             -- true | false | conflict
    previous_value VARCHAR,             -- null = never collected before
    basis VARCHAR NOT NULL,             -- said | missing | empty | unreadable | merge
    event_id BIGINT NOT NULL,           -- the event that set it
    valid_from TIMESTAMP NOT NULL,
    valid_to TIMESTAMP NOT NULL,        -- 9999-12-31 = it still holds
    is_current BOOLEAN NOT NULL
);
-- One row: the events and categories consent_interval was filled from.
CREATE TABLE history_basis (basis VARCHAR NOT NULL);

-- What consentkit itself needs to know of this database.
CREATE TABLE about (name VARCHAR NOT NULL, value VARCHAR NOT NULL);

-- One row per Snowplow event about consent: a banner shown, or a choice made, with its context (RULES.md 5).
CREATE TABLE snowplow_consent (
    message_id VARCHAR NOT NULL,        -- event_id, as on event
    kind VARCHAR NOT NULL,              -- cmp_visible | consent_preferences
    domain_userid VARCHAR,
    user_id VARCHAR,
    country VARCHAR,
    derived_at TIMESTAMP,
    loaded_at TIMESTAMP,
    event_type VARCHAR,                 -- allow_all | allow_selected | deny_all | pending | implicit_consent | withdrawn | expired
    basis VARCHAR,
    version VARCHAR,
    scopes VARCHAR[],                   -- the accepted ones
    url VARCHAR,
    domains VARCHAR[],
    gdpr_applies BOOLEAN,
    elapsed DOUBLE                      -- seconds until the banner was shown
);

-- One row per audit of this database, numbered from 1. An audit that found just what the one before it did is no
-- audit of its own, so that reading the same data again changes nothing.
CREATE TABLE audit (
    audit_id INTEGER NOT NULL,
    state VARCHAR NOT NULL,             -- a hash of the inputs, the policy and the findings
    policy VARCHAR NOT NULL,            -- a hash of the policy
    audited_at TIMESTAMP NOT NULL,      -- by the clock of the machine
    events BIGINT NOT NULL,
    deliveries BIGINT NOT NULL,
    first_event TIMESTAMP,
    last_event TIMESTAMP
);

-- One row per audit and finding it had, by names, as ids change with the policy.
CREATE TABLE audit_finding (
    audit_id INTEGER NOT NULL,
    code VARCHAR NOT NULL,
    certainty VARCHAR NOT NULL,
    source VARCHAR,
    destination VARCHAR,
    detail VARCHAR,
    n BIGINT,                           -- deliveries of a destination's finding, else events
    out_of BIGINT,                      -- what it was out of; null = not known
    people BIGINT,
    first_seen TIMESTAMP,
    last_seen TIMESTAMP
);
