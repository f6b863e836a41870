"""The tables of read models' generations: creating, loading by ranges, indexing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from psycopg import errors

from application.ports.partitions import Range, ranges_between
from application.ports.read_models import KeyTwice, Row, Table
from application.runtime.pacing import giving_way, is_giving_way
from application.storage.postgres.connections import Array, Connection
from application.storage.postgres.pipeline import binaries, integers, texts
from application.storage.postgres.sessions import take_time
from application.storage.shared.read_model_pages import counted, where

TYPES = {int: "bigint", str: "text"}
ENCODERS: dict[type, Callable[[Iterable[Any]], bytes]] = {int: integers, str: texts}
COLLATIONS = {int: "", str: 'COLLATE "C"'}


def table_name(name: str, generation: int) -> str:
    """The name of a generation's table."""
    return f"{name}_{generation}"


def run(connection: Connection, statement: str) -> None:
    """Carry out a statement made of our own names."""
    connection.execute(statement.encode())


def create(connection: Connection, table: Table, generation: int, *, indexed: bool) -> None:
    """Make a generation's table, without indexes where it is loaded first.

    Rows that add up need to be found by their keys from the start.
    """
    columns = "".join(
        f"{column} {TYPES[kind]} {COLLATIONS[kind]}, " for column, kind in table.columns.items()
    )
    name = table_name(table.name, generation)
    run(
        connection,
        f'CREATE TABLE {name} (key text COLLATE "C" NOT NULL, {columns}document bytea NOT NULL)',
    )
    if indexed or table.sums:
        for statement in index_statements(table, generation):
            run(connection, statement)


def index_statements(table: Table, generation: int) -> Iterator[str]:
    """What gives a generation's table each of the indexes that it does not have yet."""
    name = table_name(table.name, generation)
    yield f"CREATE UNIQUE INDEX IF NOT EXISTS {name}_key ON {name} (key)"
    for columns in table.indexes:
        some = f" WHERE {columns[0]} IS NOT NULL" if columns[0] in table.sparse else ""
        yield (
            f"CREATE INDEX IF NOT EXISTS {name}_{'_'.join(columns)} ON {name}"
            f" ({', '.join(columns)}, key){some}"
        )


def upsert(table: Table, generation: int, source: str) -> str:
    """The statement that adds or replaces rows, or adds their numbers, from a query for them."""
    name = table_name(table.name, generation)
    names = ["key", *table.columns, "document"]
    news = ", ".join(
        f"{each} = {f'{name}.{each} + ' if each in table.sums else ''}excluded.{each}"
        for each in names[1:]
    )
    return (
        f"INSERT INTO {name} ({', '.join(names)}) {source} ON CONFLICT (key) DO UPDATE SET {news}"
    )


def arrays(table: Table) -> str:
    """The placeholders of rows' values, an array a column, as a set of rows."""
    kinds = ["text", *(TYPES[kind] for kind in table.columns.values()), "bytea"]
    return f"unnest({', '.join(f'%s::{kind}[]' for kind in kinds)})"


def array_values(table: Table, rows: Sequence[Row]) -> list[Array]:
    """The values for `arrays`."""
    keys, *columns, documents = zip(
        *((row.key, *row.columns, row.document) for row in rows), strict=True
    )
    kinds = table.columns.values()
    values = [ENCODERS[kind](column) for kind, column in zip(kinds, columns, strict=True)]
    return [Array(each) for each in (texts(keys), *values, binaries(documents))]


def add_ranges(
    connection: Connection, name: str, generation: int, split_keys: Sequence[str]
) -> None:
    """Record the ranges by which a generation is loaded."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO read_model_ranges VALUES (%s, %s, %s, %s, %s, NULL)",
            [
                (name, generation, partition.number, partition.lower, partition.upper)
                for partition in ranges_between(split_keys)
            ],
        )


def load(
    connection: Connection,
    table: Table,
    generation: int,
    partition: Range,
    rows: Sequence[Row],
    events: int,
) -> bool:
    """Add the rows of a range, in the open transaction; False if it was loaded already."""
    noted = connection.execute(
        "UPDATE read_model_ranges SET facts = %s"
        " WHERE name = %s AND generation = %s AND number = %s AND facts IS NULL",
        (events, table.name, generation, partition.number),
    )
    if noted.rowcount == 1 and rows:
        if table.sums:
            # In the order of their keys: ranges that are loaded side by side share some.
            source = f"SELECT w.* FROM {arrays(table)} AS w ORDER BY 1"  # noqa: S608 - our own names
            statement = upsert(table, generation, source)
            columns = zip(*((row.key, *row.columns, row.document) for row in rows), strict=True)
            connection.execute(statement.encode(), list(map(list, columns)))
        else:
            _copy(connection, table, generation, rows)
    return noted.rowcount == 1


def _copy(connection: Connection, table: Table, generation: int, rows: Sequence[Row]) -> None:
    name = table_name(table.name, generation)
    types = ["text", *(TYPES[kind] for kind in table.columns.values()), "bytea"]
    statement = f"COPY {name} FROM STDIN (FORMAT BINARY)".encode()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in giving_way(rows):
            copy.write_row((row.key, *row.columns, row.document))


def finishing(table: Table, generation: int) -> Iterator[str]:
    """The statements that make the indexes of a loaded table, and the planner's statistics."""
    yield from index_statements(table, generation)
    yield f"ANALYZE {table_name(table.name, generation)}"


def finish(connection: Connection, table: Table, statement: str) -> None:
    """Carry out one of `finishing`, in a transaction of its own. Raises `KeyTwice`."""
    take_time(connection)
    connection.execute("SET LOCAL maintenance_work_mem = '128MB'")
    if is_giving_way():
        connection.execute("SET LOCAL max_parallel_maintenance_workers = 0")
    try:
        run(connection, statement)
    except errors.UniqueViolation as error:
        raise KeyTwice(table.name, str(error.diag.message_detail)) from error


def digest(connection: Connection, table: Table, generation: int) -> tuple[int, ...]:
    """What is the same for tables with the same rows, in any order.

    It detects mistakes, not forgeries: whoever can write these tables needs none. A row's hash is
    hashed once more, since it is a sum over columns: values that two rows exchange would not change
    the sum of both.
    """
    name = table_name(table.name, generation)
    of_rows = ", ".join(
        f"coalesce(sum(hashint8extended(hash_record_extended(t, {seed}), {seed})), 0)"
        for seed in (0, 1)
    )
    if is_giving_way():
        connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    row = connection.execute(
        f"SELECT count(*), {of_rows} FROM {name} t {where(counted(table))}".encode()  # noqa: S608 - our own names
    ).fetchone()
    return tuple(map(int, row or ()))


def drop(connection: Connection, name: str, generation: int) -> None:
    """Drop a generation's table."""
    run(connection, f"DROP TABLE IF EXISTS {table_name(name, generation)}")
