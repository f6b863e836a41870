"""The event loop's adapter: calls handlers for requests in the usual form.

At an on-sale everybody creates an order, chooses how to pay, moves it on and reads it again in the
same minute. In their usual form these calls cost little and wait only for the store, so they need
no thread. Flask's adapter answers all other requests.
"""

import re
import time
from collections.abc import Callable, Iterable

from application.bootstrap import Services
from interface.http.authentication import known_caller_of
from interface.http.calls import Call, Calls
from interface.http.errors import answer_to
from interface.http.exchange import Environ, Incoming, Outgoing
from interface.http.request_log import Origin, log_request, request_id_of, sign

UNUSUAL = frozenset({"HTTP_TRANSFER_ENCODING", "HTTP_EXPECT"})
ID = re.compile(r"<(?:order_id:)?(order|event)>")
NAME = re.compile(r"<path:(\w+)>")


class UsualCalls:
    """Finds and answers what can be answered on the event loop."""

    def __init__(self, services: Services, resources: Iterable[Calls]) -> None:
        self._services = services
        self._exact: dict[tuple[str, str], Call] = {}
        self._with_id: list[tuple[str, re.Pattern[str], Call]] = []
        for call in (each for calls in resources for each in calls.all):
            if call.usual is not None:
                self._add(call)

    def _add(self, call: Call) -> None:
        pattern = ID.sub(r"(?P<\1>[0-9a-f]{24})", call.rule)
        pattern = NAME.sub(r"(?P<\1>[!-~]+)", pattern)
        if pattern == call.rule:
            self._exact[call.method, call.rule] = call
        else:
            self._with_id.append((call.method, re.compile(pattern + r"\Z"), call))

    def find(
        self, environ: Environ, read_body: Callable[[], bytes]
    ) -> tuple[Call, Incoming] | None:
        """The call that a request in the usual form makes; None for every other request."""
        if not UNUSUAL.isdisjoint(environ):
            return None
        found = self._route(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if found is None:
            return None
        call, arguments = found
        incoming = Incoming(environ, arguments, "", None, read_body)
        return (call, incoming) if call.usual is not None and call.usual(incoming) else None

    def _route(self, method: str, path: str) -> tuple[Call, dict[str, str]] | None:
        call = self._exact.get((method, path))
        if call is not None:
            return call, {}
        for its_method, pattern, call in self._with_id:
            if its_method == method and (match := pattern.match(path)) is not None:
                return call, match.groupdict()
        return None

    def answer(self, call: Call, incoming: Incoming) -> Outgoing | None:
        """Answer; None if the call needs a caller that is not known: Flask's adapter answers."""
        began = time.perf_counter()
        environ = incoming.environ
        self._services.clock.look()
        keyed = call.operation.needs_key
        caller = known_caller_of(self._services, environ) if keyed else None
        if caller is None and keyed:
            return None
        incoming.known_caller = caller
        incoming.id = request_id_of(environ)
        try:
            if caller is not None:
                self._services.rates.count_partner(caller.partner)
            outgoing = call.handle(incoming, self._services)
        except Exception as error:  # noqa: BLE001 - as Flask does with exceptions of a view
            outgoing = answer_to(error)
        sign(outgoing, environ, incoming.id, caller, self._services.clock)
        order = outgoing.order or incoming.arguments.get("order")
        origin = Origin(caller, environ["REMOTE_ADDR"], call.rule, order)
        log_request(incoming.id, call.method, environ["PATH_INFO"], outgoing.status, began, origin)
        return outgoing
