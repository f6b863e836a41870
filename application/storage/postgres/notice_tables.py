"""The table of gateways' notices."""

GATEWAY_NOTICES = """
CREATE TABLE gateway_notices (
    digest bytea PRIMARY KEY,
    system text NOT NULL,
    notice text NOT NULL,
    type text NOT NULL,
    came_at bigint NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL,
    order_id text COLLATE "C",
    resolved_at bigint,
    resolved_by text
);
CREATE INDEX gateway_notices_by_order ON gateway_notices (order_id, came_at);
CREATE INDEX gateway_notices_waiting ON gateway_notices (state, came_at, digest)
    WHERE state IN ('pending', 'unknown_buyer');
"""
"""The notices of gateways, as they came, by the digest of the system and the notice's own id."""

NOTICES_BY_DIGEST = "DROP INDEX gateway_notices_by_order"
"""Nothing asks for the notices of an order, and each notice paid for the index."""
