"""The tables of webhooks (`application/ports/webhooks.py`).

Lists are words with spaces between them, times milliseconds since the epoch, and `took`
microseconds. `owner` and `till` are the lease of a shard. An endpoint without a row in
`webhook_positions` stands where its shard stands.
"""

WEBHOOKS = """
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    shard INTEGER NOT NULL,
    partner TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    types TEXT NOT NULL,
    shows TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    generations TEXT NOT NULL,
    signs_v1a INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    request BLOB NOT NULL,
    fingerprint BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX webhooks_by_partner ON webhooks (partner, id);
CREATE UNIQUE INDEX webhooks_by_request ON webhooks (request) WHERE length(request) > 0;
CREATE TABLE webhook_shards (
    shard INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    log TEXT NOT NULL,
    hash BLOB NOT NULL,
    owner TEXT,
    till INTEGER,
    asked_by TEXT
);
CREATE TABLE webhook_positions (
    shard INTEGER NOT NULL,
    webhook TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (shard, webhook)
) WITHOUT ROWID;
CREATE TABLE webhook_lanes (
    shard INTEGER NOT NULL,
    webhook TEXT NOT NULL,
    order_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    first_failed_at INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (shard, webhook, order_id)
) WITHOUT ROWID;
CREATE TABLE webhook_resends (
    shard INTEGER NOT NULL,
    webhook TEXT NOT NULL,
    position INTEGER NOT NULL,
    onwards INTEGER NOT NULL,
    PRIMARY KEY (shard, webhook, position, onwards)
) WITHOUT ROWID;
CREATE TABLE webhook_attempts (
    id INTEGER PRIMARY KEY,
    webhook TEXT NOT NULL,
    position INTEGER NOT NULL,
    order_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER NOT NULL,
    reason TEXT NOT NULL,
    took INTEGER NOT NULL,
    head TEXT NOT NULL,
    try_number INTEGER NOT NULL,
    again INTEGER NOT NULL
);
CREATE INDEX webhook_attempts_by_webhook ON webhook_attempts (webhook, id);
CREATE INDEX webhook_attempts_by_event ON webhook_attempts (webhook, position, id);
CREATE INDEX webhook_attempts_failed ON webhook_attempts (webhook, id) WHERE reason <> '';
INSERT INTO counters VALUES ('webhooks', 0);
"""
