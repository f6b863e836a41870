"""The conditions of a page of a read model as SQL, the same for every database."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from msgspec.structs import replace

from application.ports.partitions import Range
from application.ports.read_models import Page, Row, Table

OPERATORS = frozenset({"=", "<", "<=", ">", ">="})
ALL = ("*",)


def where(terms: Sequence[str]) -> str:
    """The terms, all of which must hold, as a clause; nothing for none."""
    return f"WHERE {' AND '.join(terms)}" if terms else ""


def conditions(page: Page, place: str) -> tuple[list[str], list[Any]]:
    """The page's conditions as SQL with the values to bind, each at a `place` (`?` or `%s`).

    Raises `ValueError` for an operator that is none of ours: names and operators are not bound.
    """
    terms: list[str] = []
    values: list[Any] = []
    for term in page.where:
        alternatives = []
        for together in term:
            checks = []
            for column, operator, value in together:
                if operator not in OPERATORS:
                    raise ValueError(operator)
                checks.append(f"{column} {operator} {place}")
                values.append(value)
            alternatives.append(f"({' AND '.join(checks)})")
        terms.append(f"({' OR '.join(alternatives)})")
    if page.after is not None:
        beyond = "<" if page.descending else ">"
        terms.append(f"({page.sort}, key) {beyond} ({place}, {place})")
        values.extend(page.after)
    return terms, values


def page_query(
    source: str, table: Table, page: Page, place: str, columns: Sequence[str] = ALL
) -> tuple[str, list[Any]]:
    """The query for a page of `table`, which is stored as `source`, and the values to bind."""
    if not page.apart:
        return _scan(source, table, page, place, columns)
    scans, values = [f"SELECT * FROM {source} WHERE false"], []  # noqa: S608 - our own names
    for number, chosen in enumerate(filter(_is_possible, product(*page.where))):
        alone = replace(page, where=tuple((alternative,) for alternative in chosen))
        scan, its_values = _scan(source, table, alone, place)
        scans.append(f"SELECT * FROM ({scan}) scan{number}")  # noqa: S608 - our own names
        values += its_values
    united = " UNION ".join(scans)  # a row that two scans find counts once
    statement = (
        f"SELECT {', '.join(columns)} FROM ({united}) found"  # noqa: S608 - as above
        f" ORDER BY {_order(page)} LIMIT {place}"
    )
    return statement, [*values, page.limit]


def _is_possible(chosen: Iterable[Sequence[tuple[str, str, Any]]]) -> bool:
    """Whether no column would have to have two values, for which no index can be used."""
    known: dict[str, Any] = {}
    return all(
        known.setdefault(column, value) == value
        for together in chosen
        for column, operator, value in together
        if operator == "="
    )


def _scan(
    source: str, table: Table, page: Page, place: str, columns: Sequence[str] = ALL
) -> tuple[str, list[Any]]:
    terms, values = conditions(page, place)
    clause = where([*terms, *counted(table)])
    statement = (
        f"SELECT {', '.join(columns)} FROM {source} {clause}"  # noqa: S608 - our own names, values are bound
        f" ORDER BY {_order(page)} LIMIT {place}"
    )
    return statement, [*values, page.limit]


def _order(page: Page) -> str:
    direction = "DESC" if page.descending else "ASC"
    return f"{page.sort} {direction}, key {direction}"


def count_query(source: str, table: Table, page: Page, place: str) -> tuple[str, list[Any]]:
    """The query for how many rows a page would have, and the values to bind."""
    terms, values = conditions(page, place)
    clause = where([*terms, *counted(table)])
    statement = f"SELECT count(*) FROM (SELECT 1 FROM {source} {clause} LIMIT {place}) found"  # noqa: S608 - our own names, values are bound
    return statement, [*values, page.limit]


def tally_query(
    source: str, table: Table, page: Page, column: str, place: str
) -> tuple[str, list[Any]]:
    """The query for how many rows of a page have each value of a column, and the values to bind."""
    terms, values = conditions(page, place)
    clause = where([*terms, *counted(table)])
    chosen = f"SELECT {column} FROM {source} {clause} LIMIT {place}"  # noqa: S608 - our own names, values are bound
    statement = f"SELECT {column}, count(*) FROM ({chosen}) found GROUP BY {column}"  # noqa: S608 - as above
    return statement, [*values, page.limit]


def scan_query(
    source: str, table: Table, partition: Range | None, place: str
) -> tuple[str, list[Any]]:
    """The query for all rows of a table by key, or those in a range, and the values to bind."""
    terms, values = within(partition, place)
    clause = where([*terms, *counted(table)])
    return f"SELECT * FROM {source} {clause} ORDER BY key", [*values]  # noqa: S608 - our own names, values are bound


def row_of(row: tuple[Any, ...]) -> Row:
    """A row as a read model's table has it: key, columns, document."""
    return Row(row[0], row[1:-1], row[-1])


def counted(table: Table) -> list[str]:
    """The condition that a row's sums are not all zero, for a table whose rows add up."""
    checks = [f"{column} <> 0" for column in table.sums]
    return [f"({' OR '.join(checks)})"] if checks else []


def within(partition: Range | None, place: str) -> tuple[list[str], list[str]]:
    """The conditions that a key is in a range, and the values to bind, each at a `place`."""
    if partition is None:
        return [], []
    if partition.upper is None:
        return [f"key >= {place}"], [partition.lower]
    return [f"key >= {place}", f"key < {place}"], [partition.lower, partition.upper]
