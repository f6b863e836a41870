"""Events of many orders, of those with a snapshot only from there on, if it is in the log."""

_EVENTS_FROM = """
SELECT e.*, w.place FROM unnest({orders}::text[], {versions}::bigint[], {hashes}::bytea[])
    WITH ORDINALITY AS w (id, version, hash, place)
CROSS JOIN LATERAL (
    SELECT originator_id, originator_version, topic, state, notification_id, hash
    FROM orders_events WHERE originator_id = w.id AND originator_version >= coalesce((
        SELECT s.originator_version FROM orders_events s
        WHERE s.originator_id = w.id AND s.originator_version = w.version AND s.hash = w.hash
    ), 0)
    OFFSET 0
) e
ORDER BY w.place, e.originator_version
"""
"""OFFSET 0 keeps the planner from joining: without statistics it could scan the whole log."""


def events_from(orders: str, versions: str, hashes: str) -> str:
    """The statement with these parameters: orders, the versions and hashes of their snapshots.

    Each row has an event, its position and hash, and the place of its order, from 1.
    """
    return _EVENTS_FROM.format(orders=orders, versions=versions, hashes=hashes)
