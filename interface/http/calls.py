"""A call: a method and a route, its description, and the one handler that answers it.

Handlers know no framework. Two adapters call them: the event loop's
(`interface/server/usual_calls.py`) for requests in the usual form, and Flask's
(`flask_adapter.py`) for all others.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec

from application.catalog.scopes import ORDERS_READ
from interface.http.contract import Operation
from interface.http.errors import MissingScope
from interface.http.exchange import Incoming, Outgoing
from interface.http.reading_of_auditors import note_reading

Handler = Callable[[Incoming, Any], Outgoing]
"""Answers a request from the services, or from what else its calls are about.

An exception becomes a problem document (`errors.py`).
"""

Usual = Callable[[Incoming], bool]
"""Whether a request has the usual form, which is cheap enough for the event loop."""


class Call(msgspec.Struct, frozen=True):
    """One method of one route."""

    method: str
    rule: str
    operation: Operation
    handle: Handler
    usual: Usual | None = None
    waits_for: str | None = None
    """The read model that X-Wait-For-Position waits for."""


class Calls:
    """The calls of a resource. Every rule begins with `prefix`."""

    def __init__(self, name: str, prefix: str = "") -> None:
        self.name = name
        self.prefix = prefix
        self.all: list[Call] = []

    def get(
        self,
        rule: str,
        operation: Operation,
        usual: Usual | None = None,
        waits_for: str | None = None,
    ) -> Callable[[Handler], Handler]:
        """Define a call that reads."""
        return self._define("GET", rule, operation, usual, waits_for)

    def post(
        self, rule: str, operation: Operation, usual: Usual | None = None
    ) -> Callable[[Handler], Handler]:
        """Define a call that creates."""
        return self._define("POST", rule, operation, usual)

    def patch(
        self, rule: str, operation: Operation, usual: Usual | None = None
    ) -> Callable[[Handler], Handler]:
        """Define a call that changes."""
        return self._define("PATCH", rule, operation, usual)

    def delete(
        self, rule: str, operation: Operation, usual: Usual | None = None
    ) -> Callable[[Handler], Handler]:
        """Define a call that cancels."""
        return self._define("DELETE", rule, operation, usual)

    def _define(
        self,
        method: str,
        rule: str,
        operation: Operation,
        usual: Usual | None,
        waits_for: str | None = None,
    ) -> Callable[[Handler], Handler]:
        def define(handle: Handler) -> Handler:
            checked = scoped(handle, operation)
            call = Call(method, self.prefix + rule, operation, checked, usual, waits_for)
            self.all.append(call)
            return handle

        return define


def scoped(handle: Handler, operation: Operation) -> Handler:
    """A handler that refuses keys with none of the scopes, before it does anything."""
    scopes = operation.scopes
    if not scopes:
        return handle

    @wraps(handle)
    def checked(incoming: Incoming, about: Any) -> Outgoing:
        refuse_without(incoming, scopes)
        if ORDERS_READ in scopes and operation.names_buyers:
            note_reading(about, incoming.caller, incoming.id, incoming.full_path)
        return handle(incoming, about)

    return checked


def refuse_without(incoming: Incoming, scopes: tuple[str, ...]) -> None:
    """Refuse a key with none of the scopes. Raises `MissingScope`."""
    if not incoming.caller.may(*scopes):
        raise MissingScope(*scopes)
