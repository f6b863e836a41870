"""Statements over the list of read models."""

PROJECTOR = (
    "SELECT generation, CASE WHEN fed_till > ? THEN feeder END, stopped_since,"
    " coalesce(target, 0), awaited"
    " FROM read_models WHERE "
)
LEASE = (
    "UPDATE read_models SET feeder = ?, fed_till = ? WHERE name = ? AND live"
    " AND (feeder IS NULL OR feeder = ? OR fed_till NOT BETWEEN ? AND ?)"
)
"""A lease that ends later than one can is of a clock that was wrong."""

SWAP = (
    "UPDATE read_models SET live = NOT live, target = NULL, (feeder, fed_till) ="
    " (SELECT feeder, fed_till FROM read_models WHERE name = ? AND live)"
    " WHERE name = ? AND (live OR generation = ?)"
)
ADD = "INSERT INTO read_models (name, generation, live, shape, code, target)"
LEASED = "SELECT feeder, fed_till FROM read_models WHERE name = ? AND generation = ? AND live"
