"""The tables of webhooks (`application/ports/webhooks.py`).

Lists are words with spaces between them, times milliseconds since the epoch, and `took`
microseconds. `owner` and `till` are the lease of a shard. An endpoint without a row in
`webhook_positions` stands where its shard stands.
"""

WEBHOOKS = """
CREATE TABLE webhooks (
    id text COLLATE "C" PRIMARY KEY,
    shard bigint NOT NULL,
    partner text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    address text NOT NULL,
    types text NOT NULL,
    shows text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    generations text NOT NULL,
    signs_v1a bigint NOT NULL,
    revision bigint NOT NULL,
    request bytea NOT NULL,
    fingerprint bytea NOT NULL
);
CREATE INDEX webhooks_by_partner ON webhooks (partner, id);
CREATE UNIQUE INDEX webhooks_by_request ON webhooks (request) WHERE length(request) > 0;
CREATE TABLE webhook_shards (
    shard bigint PRIMARY KEY,
    position bigint NOT NULL,
    log text NOT NULL,
    hash bytea NOT NULL,
    owner text,
    till bigint,
    asked_by text
);
CREATE TABLE webhook_positions (
    shard bigint NOT NULL,
    webhook text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (shard, webhook)
);
CREATE TABLE webhook_lanes (
    shard bigint NOT NULL,
    webhook text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    tries bigint NOT NULL,
    first_failed_at bigint NOT NULL,
    next_try_at bigint NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (shard, webhook, order_id)
);
CREATE TABLE webhook_resends (
    shard bigint NOT NULL,
    webhook text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    onwards bigint NOT NULL,
    PRIMARY KEY (shard, webhook, position, onwards)
);
CREATE TABLE webhook_attempts (
    id bigserial PRIMARY KEY,
    webhook text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    status bigint NOT NULL,
    reason text NOT NULL,
    took bigint NOT NULL,
    head text NOT NULL,
    try_number bigint NOT NULL,
    again bigint NOT NULL
);
CREATE INDEX webhook_attempts_by_webhook ON webhook_attempts (webhook, id);
CREATE INDEX webhook_attempts_by_event ON webhook_attempts (webhook, position, id);
CREATE INDEX webhook_attempts_failed ON webhook_attempts (webhook, id) WHERE reason <> '';
INSERT INTO counters VALUES ('webhooks', 0);
"""
