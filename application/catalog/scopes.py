"""What a key may do. A key has the scopes that it was given, and nothing else."""

ORDERS_READ = "orders:read"
ORDERS_WRITE = "orders:write"
EVENTS_READ = "events:read"
BARCODES_READ = "barcodes:read"
PAYMENTS_WRITE = "payments:write"
AUDIT = "audit"
"""Reads the orders and events of every partner, without barcodes, and changes nothing."""
ADMIN = "admin"
"""Sees and ends the console sessions of the whole partner."""
WEBHOOKS = "webhooks"
"""Reads and changes the partner's own webhooks."""

OF_A_SELLER = (ORDERS_READ, ORDERS_WRITE, EVENTS_READ, BARCODES_READ, PAYMENTS_WRITE)
"""What a key has for which nothing else is said."""

SCOPES = (*OF_A_SELLER, AUDIT, ADMIN, WEBHOOKS)
