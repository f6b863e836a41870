"""The description of a call: its parameters, body, answers and refusals.

It stands beside the handler. `openapi.py` generates the OpenAPI document from all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from marshmallow import Schema

from domain.refusals import Refusal, UnknownOrder, UnknownRefund
from interface.http.headers import Header
from interface.http.problems import (
    BAD_QUERY,
    EVERY_KEYED_CALL,
    MISSING_SCOPE,
    UNAUTHORIZED,
    UNKNOWN_EVENT_KIND,
    Problem,
    problem_of,
)

READS_EVENTS = frozenset({UnknownOrder, UnknownRefund})
"""What calls refuse that read an order's events, which may be of a later version."""
View = TypeVar("View", bound=Callable[..., Any])


class Good(msgspec.Struct, frozen=True):
    """A successful answer: a document of the type `schema`, or `many` of them in a JSON array.

    Without a type it is a text of the type `media`, or nothing if it is `empty`. `leads_to` names
    the operations that take the created order.
    """

    says: str
    schema: type | None = None
    many: bool = False
    headers: tuple[Header, ...] = ()
    leads_to: tuple[str, ...] = ()
    empty: bool = False
    media: str = "text/plain"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one route. The name of the handler is the id of the operation.

    The caller's key needs one of the `scopes`, if there are any. `names_buyers`: an answer about
    orders may have data of buyers.
    """

    tag: str
    summary: str
    says: str
    answers: Mapping[int, Good]
    refuses: tuple[Problem | type[Refusal], ...] = ()
    query: Schema | None = None
    body: Schema | None = None
    headers: tuple[Header, ...] = ()
    needs_key: bool = True
    scopes: tuple[str, ...] = ()
    names_buyers: bool = True

    @property
    def may_need_key(self) -> bool:
        """Whether who asks decides if a key is needed."""
        return not self.needs_key and UNAUTHORIZED in self.refuses

    @property
    def problems(self) -> list[Problem]:
        """Every problem that it can answer with."""
        keyed = EVERY_KEYED_CALL if self.needs_key else ()
        common = [each for each in keyed if self.scopes or each is not MISSING_SCOPE]
        of_query = () if self.query is None else (BAD_QUERY,)
        of_order = () if READS_EVENTS.isdisjoint(self.refuses) else (UNKNOWN_EVENT_KIND,)
        return [problem_of(each) for each in (*of_query, *common, *of_order, *self.refuses)]


def described(operation: Operation) -> Callable[[View], View]:
    """Attach the description to a view function."""

    def put(view: View) -> View:
        vars(view)["operation"] = operation
        return view

    return put


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """The description of a view function; None if it has none."""
    return vars(view).get("operation")
