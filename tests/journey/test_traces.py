"""Spans, from a caller's `traceparent` through the commit to read models and webhooks."""

import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from polling import until
from receiver import receiver_thread
from server import EMPTY_ORDER, ORDERS, PARTNER, orderlog, serving
from webhook_office import add_webhook

from application.bootstrap import open_store
from application.runtime import tracing

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, NOT_SAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"


class Collector:
    """What an OTLP receiver has got."""

    def __init__(self):
        self.spans = []
        self.resources = []

    def take(self, body):
        for each in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append(
                {it.key: it.value.string_value for it in each.resource.attributes}
            )
            self.spans += [span for scope in each.scope_spans for span in scope.spans]

    def named(self, name):
        return [each for each in self.spans if each.name.startswith(name)]

    def one(self, name):
        return until(lambda: self.named(name), f"there is no span {name}")[0]


@contextmanager
def collecting():
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == "/v1/traces"
            found.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield found
        server.shutdown()


def traced(database, log, collector):
    quick = {"OTEL_BSP_SCHEDULE_DELAY": "50", "ORDERLOG_WEBHOOKS_TO": "127.0.0.0/8"}
    return serving(database, log, ORDERLOG_TRACES_TO=collector.address, **quick)


def attributes(span):
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_trace_goes_from_the_caller_to_the_receiver_of_a_webhook(own_database, log):
    with (
        collecting() as collector,
        receiver_thread() as receiver,
        traced(own_database, log, collector) as service,
    ):
        with closing(open_store(own_database)) as store:
            add_webhook(store, receiver.address(), partner=PARTNER, after=0)
        answer = service.call("POST", ORDERS, EMPTY_ORDER, traceparent=SAMPLED)
        order = answer.body["id"]
        request = collector.one(f"POST {ORDERS}")
        waited, commit = collector.one("wait for the batch"), collector.one("commit")
        projected, sent = collector.one("project orders"), collector.one("deliver webhook")
        until(lambda: receiver.received, "nothing is delivered")
        history = service.call("GET", f"{ORDERS}/{order}/history").body
    assert request.parent_span_id.hex() == PARENT
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": ORDERS,
        "http.response.status_code": 201,
    }
    assert waited.parent_span_id == commit.parent_span_id == request.span_id
    assert attributes(commit) == {"orderlog.batch.size": 1}
    inside = (request.start_time_unix_nano, request.end_time_unix_nano)
    assert inside[0] <= waited.start_time_unix_nano <= waited.end_time_unix_nano
    assert waited.end_time_unix_nano == commit.start_time_unix_nano < commit.end_time_unix_nano
    assert commit.end_time_unix_nano <= inside[1]
    [link] = projected.links
    assert (link.trace_id.hex(), link.span_id) == (TRACE, request.span_id)
    assert sent.parent_span_id == request.span_id
    for each in (request, waited, commit, sent):
        assert each.trace_id.hex() == TRACE
    [delivery] = receiver.received
    assert delivery.headers["traceparent"] == f"00-{TRACE}-{sent.span_id.hex()}-01"
    assert answer.headers["x-request-id"] == f"00-{TRACE}-{request.span_id.hex()}-01"
    assert TRACE in str(history)
    assert {each["service.name"] for each in collector.resources} == {"orderlog"}


def test_what_flask_answers_has_its_children_too_and_an_own_id_stays(sqlite, log):
    with collecting() as collector, traced(sqlite, log, collector) as service:
        order = service.order()
        headers = {"traceparent": SAMPLED, "X_Request_Id": "checkout-1"}
        answer = service.call("DELETE", f"{ORDERS}/{order}", **headers)
        assert answer.headers["x-request-id"] == "checkout-1"
        request = collector.one(f"DELETE {ORDERS}/")
        own = [each for each in collector.named("commit") if each.trace_id.hex() == TRACE]
        assert [each.parent_span_id for each in own] == [request.span_id]
        service.call("GET", "/nothing", traceparent=NOT_SAMPLED)
        service.call("GET", "/nothing", traceparent="nonsense")
        missing = collector.one("GET")
        assert missing.trace_id.hex() != TRACE
        assert attributes(missing)["http.response.status_code"] == 404
    assert len(collector.named("GET")) == 1  # the other was not to be sampled


def test_without_a_collector_requests_are_answered_and_nothing_is_traced(sqlite, log):
    with serving(sqlite, log, ORDERLOG_TRACES_TO="http://127.0.0.1:9") as service:
        assert service.call("POST", ORDERS, EMPTY_ORDER).status == 201
    with serving(sqlite, log) as service:
        answer = service.call("POST", ORDERS, EMPTY_ORDER, traceparent=SAMPLED)
        assert TRACE not in answer.headers["x-request-id"]


def test_without_the_libraries_serve_says_what_to_install(sqlite, tmp_path):
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").write_text("raise ImportError('hidden')")
    said = orderlog(
        *("serve", "--database", sqlite, "--port", "0"),
        ORDERLOG_TRACES_TO="http://127.0.0.1:9",
        PYTHONPATH=str(tmp_path),
    )
    assert said.returncode == 1
    assert "[otel]" in said.stderr
    assert "Traceback" not in said.stderr


def test_off_costs_a_look_at_one_variable(monkeypatch):
    """Nothing of OpenTelemetry is imported or called where no process makes spans."""
    assert not tracing.is_on()
    assert tracing.current() is None
    assert tracing.begin_request("GET", {}) is None
    with tracing.linked("project", iter(["x"])), tracing.continued("deliver", SAMPLED) as headers:
        assert headers == {}


@pytest.mark.parametrize("request_id", ["", "checkout-1", "00-0-0-01"])
def test_a_request_without_a_trace_is_delivered_without_one(request_id):
    with (
        collecting() as collector,
        tracing.tracing(collector.address),
        tracing.continued("deliver webhook", request_id) as headers,
    ):
        assert headers == {}
    assert collector.spans == []
