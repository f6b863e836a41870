"""Statements over the list of read models."""

ADD = (
    "INSERT INTO read_models (name, generation, position, live, shape, code, target)"
    " VALUES (%s, %s, 0, %s, %s, %s, %s)"
)
NEXT = (
    "INSERT INTO read_model_generations AS g VALUES (%s, 1)"
    " ON CONFLICT (name) DO UPDATE SET last = g.last + 1 RETURNING last"
)
MOVE = (
    "UPDATE read_models SET position = %s, stopped = NULL, log = %s, hash = %s"
    " WHERE name = %s AND generation = %s AND position = %s AND hash = %s"
    " AND (%s = ''::bytea OR EXISTS (SELECT FROM orders_events"
    " WHERE notification_id = %s AND hash = %s)) RETURNING 1"
)
"""No move if the log has another event at the new position than the one that was read: after a
fail-over that lost the end of the log, the position alone may be the same."""

MOVED_NOW = "SELECT count(*), set_config('synchronous_commit', 'off', true) FROM moved"
"""Such a commit does not even wait for the server's disk: after a crash rows and position are those
of an earlier one, and what follows is projected again. The setting ends with the statement."""

MOVED = "EXISTS (SELECT FROM moved)"
OF_MODELS = (
    "SELECT name, generation, position, stopped,"
    " CASE WHEN fed_till > clock_timestamp() THEN feeder END,"
    " CASE WHEN stopped IS NOT NULL THEN stopped_since END,"
    " log, hash, hash <> '' AND NOT EXISTS (SELECT FROM log_identity l, orders_events e"
    " WHERE l.id = m.log AND e.hash = m.hash AND e.notification_id ="
    " CASE m.position WHEN 0 THEN coalesce(m.target, 0) ELSE m.position END), awaited"
    " FROM read_models m WHERE "
)
STATE = OF_MODELS + "name = %s AND "
STATES = OF_MODELS + "name = ANY(%s) AND live"
BEGIN_ANEW = (
    "UPDATE read_models SET feeder = %s, fed_till = %s, awaited = %s WHERE name = %s AND live"
)
END_WAIT = "UPDATE read_models SET awaited = 0 WHERE name = %s AND generation = %s RETURNING 1"
AIM = (
    "UPDATE read_models m SET log = l.id, hash = e.hash FROM log_identity l, orders_events e"
    " WHERE e.notification_id = %s AND m.name = %s AND m.generation = %s"
)
STOP = (
    "UPDATE read_models SET stopped = %s, stopped_since = CASE WHEN stopped IS NULL"
    " THEN (extract(epoch FROM clock_timestamp()) * 1000)::bigint ELSE stopped_since END"
    " WHERE name = %s AND generation = %s"
)
LOCKED = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND ((classid::bigint << 32) | objid::bigint) = %s"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)
LEASE = (
    "UPDATE read_models"
    " SET feeder = %(feeder)s, fed_till = clock_timestamp() + make_interval(secs => %(seconds)s)"
    " WHERE name = %(name)s AND live AND (feeder IS NULL OR feeder = %(feeder)s OR fed_till NOT"
    " BETWEEN clock_timestamp() AND clock_timestamp() + make_interval(secs => %(seconds)s))"
    " RETURNING 1"
)
"""The time is the server's, so that the machines' clocks need not agree. A lease that ends later
than any lease can was made by a clock that was wrong."""

RELEASE = (
    "UPDATE read_models SET feeder = NULL, fed_till = NULL"
    " WHERE name = %s AND live AND feeder = %s RETURNING 1"
)
SWAP = (
    "UPDATE read_models m SET live = NOT m.live, target = NULL,"
    " feeder = old.feeder, fed_till = old.fed_till"
    " FROM read_models old WHERE old.name = m.name AND old.live"
    " AND m.name = %s AND (m.live OR m.generation = %s)"
)
