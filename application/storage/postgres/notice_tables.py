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

NOTICES_BY_ORDER = """
DROP INDEX gateway_notices_by_order;
UPDATE gateway_notices SET order_id = '' WHERE order_id IS NULL;
ALTER TABLE gateway_notices
    ALTER order_id SET NOT NULL,
    DROP CONSTRAINT gateway_notices_pkey,
    ADD PRIMARY KEY (order_id, digest);
CREATE UNIQUE INDEX gateway_notices_once ON gateway_notices (digest)
    WHERE state IN ('pending', 'unknown_buyer');
"""
"""The same by order, and '' for nobody. One that was acted on has its digest in `requests`; those
that wait have an index by digest, which costs the others nothing."""
