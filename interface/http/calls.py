"""A call: a method and a route, what it means, and the one handler that answers it.

Handlers know no framework. Two adapters call them: the event loop's (`interface/server/`) for what
is sent in the usual form, and Flask's (`flask_adapter.py`) for everything.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from interface.http.contract import Operation
from interface.http.exchange import Incoming, Outgoing

Handler = Callable[[Incoming, Any], Outgoing]
"""Answers a request, of the services or whatever else its calls are about. Raises to say no."""

Usual = Callable[[Incoming], bool]
"""Whether a request has the usual form, which is cheap enough to be answered on the event loop."""


class Call(msgspec.Struct, frozen=True):
    """One method of one route."""

    method: str
    rule: str
    operation: Operation
    handle: Handler
    usual: Usual | None = None


class Calls:
    """The calls of a resource, collected as they are defined. `prefix` begins every rule."""

    def __init__(self, name: str, prefix: str = "") -> None:
        self.name = name
        self.prefix = prefix
        self.all: list[Call] = []

    def get(
        self, rule: str, operation: Operation, usual: Usual | None = None
    ) -> Callable[[Handler], Handler]:
        """Define what reads."""
        return self._define("GET", rule, operation, usual)

    def post(
        self, rule: str, operation: Operation, usual: Usual | None = None
    ) -> Callable[[Handler], Handler]:
        """Define what creates."""
        return self._define("POST", rule, operation, usual)

    def patch(
        self, rule: str, operation: Operation, usual: Usual | None = None
    ) -> Callable[[Handler], Handler]:
        """Define what changes."""
        return self._define("PATCH", rule, operation, usual)

    def delete(self, rule: str, operation: Operation) -> Callable[[Handler], Handler]:
        """Define what ends."""
        return self._define("DELETE", rule, operation, None)

    def _define(
        self, method: str, rule: str, operation: Operation, usual: Usual | None
    ) -> Callable[[Handler], Handler]:
        def define(handle: Handler) -> Handler:
            self.all.append(Call(method, self.prefix + rule, operation, handle, usual))
            return handle

        return define
