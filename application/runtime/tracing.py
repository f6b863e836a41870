"""Spans of OpenTelemetry: none, and at no cost, unless a process was told where to send them.

The text of a span (its `traceparent`) is the id of its request, where the caller gives none. So it
is in every event that the request brought about, and whoever reads the event later, in whichever
process, can go on with the trace.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from application.runtime.installation import how_to_add
from domain.errors import UserError

if TYPE_CHECKING:  # an extra, imported when it is used
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

T = TypeVar("T")

PARENT, STATE = "traceparent", "tracestate"
PATH = "/v1/traces"
NAME = "orderlog"
EXPORT_SECONDS = 5.0
MOST_LINKS = 128
"""The links of a span; OpenTelemetry keeps no more."""
FIRST_FAILURE = 500
"""The first status that is a fault of the server."""


class TracingMissing(UserError):
    """Spans are wanted, and the libraries that send them are not installed."""

    def __init__(self) -> None:
        super().__init__(f"ORDERLOG_TRACES_TO needs OpenTelemetry: {how_to_add('otel')}")


class _Process:
    """What makes the spans of this process; None: nothing does."""

    tracer: "Tracer | None" = None


_current: "ContextVar[Span | None]" = ContextVar("span", default=None)


def is_on() -> bool:
    """Whether this process makes spans."""
    return _Process.tracer is not None


def require() -> None:
    """Raise `TracingMissing` unless spans can be sent."""
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter  # noqa: PLC0415
        import opentelemetry.sdk.trace  # noqa: F401, PLC0415
    except ImportError as error:
        raise TracingMissing from error


@contextmanager
def tracing(address: str) -> Iterator[None]:
    """Make spans and send them to a collector, by OTLP over HTTP; no address: none.

    Begin it in each process after it was forked: a thread sends them. Raises `TracingMissing`.
    """
    if not address:
        yield
        return
    require()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    named = Resource({SERVICE_NAME: NAME}).merge(Resource.create())
    if str(named.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        named = named.merge(Resource({SERVICE_NAME: NAME}))
    provider = TracerProvider(resource=named)
    where = address.rstrip("/").removesuffix(PATH) + PATH
    exporter = OTLPSpanExporter(endpoint=where, timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _Process.tracer = provider.get_tracer(NAME)
    try:
        yield
    finally:
        _Process.tracer = None
        provider.shutdown()


def begin_request(method: str, headers: Mapping[str, str]) -> "Span | None":
    """The span of a request, under that of its caller if it names one; to be ended."""
    tracer = _Process.tracer
    if tracer is None:
        return None
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    return tracer.start_span(
        method,
        context=_context_of(headers),
        kind=SpanKind.SERVER,
        attributes={"http.request.method": method},
    )


def end_request(span: "Span", method: str, route: str | None, status: int) -> None:
    """End the span of a request that was answered."""
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

    if route is not None:
        span.update_name(f"{method} {route}")
        span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= FIRST_FAILURE:
        span.set_status(Status(StatusCode.ERROR))
    span.end()


def within(span: "Span", call: Callable[[], T]) -> Callable[[], T]:
    """The same call, in whose course `current` is this span: in any thread or greenlet."""

    def called() -> T:
        before = _current.set(span)
        try:
            return call()
        finally:
            _current.reset(before)

    return called


def current() -> "Span | None":
    """The span of the request that is being answered here."""
    return None if _Process.tracer is None else _current.get()


def text_of(span: "Span") -> str:
    """The `traceparent` of a span."""
    carrier: dict[str, str] = {}
    _propagator().inject(carrier, context=_context_with(span))
    return carrier.get(PARENT, "")


def add_child(span: "Span", name: str, began: int, ended: int, **attributes: str | int) -> None:
    """Add what was done for a span from one moment to another, in nanoseconds since the epoch."""
    if _Process.tracer is not None:
        child = _Process.tracer.start_span(
            name, context=_context_with(span), start_time=began, attributes=attributes
        )
        child.end(ended)


@contextmanager
def linked(name: str, requests: Iterable[str], **attributes: str | int) -> Iterator[None]:
    """A span of work for several requests, by their ids, with a link to each that has a trace."""
    tracer = _Process.tracer
    if tracer is None:
        yield
        return
    from opentelemetry.trace import Link, get_current_span  # noqa: PLC0415

    found = (get_current_span(_context_of({PARENT: each})) for each in dict.fromkeys(requests))
    contexts = [each.get_span_context() for each in found]
    links = [Link(each) for each in contexts if each.is_valid][:MOST_LINKS]
    with tracer.start_as_current_span(name, links=links, attributes=attributes):
        yield


@contextmanager
def continued(name: str, request: str, **attributes: str | int) -> Iterator[dict[str, str]]:
    """A span that goes on with the trace of a request, by its id; yields the headers to send on.

    There is none, and nothing to send on, for a request without a trace.
    """
    tracer = _Process.tracer
    headers: dict[str, str] = {}
    if tracer is None:
        yield headers
        return
    from opentelemetry.trace import SpanKind, get_current_span  # noqa: PLC0415

    context = _context_of({PARENT: request})
    if not get_current_span(context).get_span_context().is_valid:
        yield headers
        return
    with tracer.start_as_current_span(
        name, context=context, kind=SpanKind.CLIENT, attributes=attributes
    ) as span:
        _propagator().inject(headers, context=_context_with(span))
        yield headers


def _propagator() -> Any:
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    return TraceContextTextMapPropagator()


def _context_of(headers: Mapping[str, str]) -> "Context":
    """The context that headers name; an empty one if they name none."""
    from opentelemetry.context import Context  # noqa: PLC0415

    found: Context = _propagator().extract(headers, context=Context())
    return found


def _context_with(span: "Span") -> "Context":
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace import set_span_in_context  # noqa: PLC0415

    return set_span_in_context(span, Context())
