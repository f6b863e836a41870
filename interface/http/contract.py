"""How a route is described: what it takes, what it answers, and every way in which it says no.

The description stands beside the route (`@described(...)`); `openapi.py` makes the document of it.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from marshmallow import Schema

from domain.refusals import Refusal, UnknownOrder
from interface.http.headers import Header
from interface.http.problems import (
    BAD_QUERY,
    EVERY_KEYED_CALL,
    UNKNOWN_EVENT_KIND,
    Problem,
    problem_of,
)

View = TypeVar("View", bound=Callable[..., Any])


class Good(msgspec.Struct, frozen=True):
    """An answer that says yes. `many` is a JSON array of what `schema` describes.

    Without a schema it is plain text.

    `leads_to` names the operations that take the order which it has made.
    """

    says: str
    schema: type[Schema] | None = None
    many: bool = False
    headers: tuple[Header, ...] = ()
    leads_to: tuple[str, ...] = ()


class Operation(msgspec.Struct, frozen=True):
    """What one method of one route does. The route's function gives the name of the operation."""

    tag: str
    summary: str
    says: str
    answers: Mapping[int, Good]
    refuses: tuple[Problem | type[Refusal], ...] = ()
    query: Schema | None = None
    body: Schema | None = None
    headers: tuple[Header, ...] = ()
    needs_key: bool = True

    @property
    def problems(self) -> list[Problem]:
        """Every way in which it says no."""
        common = EVERY_KEYED_CALL if self.needs_key else ()
        of_query = () if self.query is None else (BAD_QUERY,)
        of_order = (UNKNOWN_EVENT_KIND,) if UnknownOrder in self.refuses else ()
        return [problem_of(each) for each in (*of_query, *common, *of_order, *self.refuses)]


def described(operation: Operation) -> Callable[[View], View]:
    """Put the description on a route's function."""

    def put(view: View) -> View:
        vars(view)["operation"] = operation
        return view

    return put


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """The description that was put on a route's function; None where none was."""
    return vars(view).get("operation")
