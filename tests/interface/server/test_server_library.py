"""What the server library has to have: its embedded server is called experimental."""

import inspect

from granian.rsgi import HTTPProtocol
from granian.server.embed import Server

USED = {
    "address",
    "port",
    "interface",
    "http",
    "http1_settings",
    "backlog",
    "backpressure",
    "websockets",
    "ssl_cert",
    "ssl_key",
    "ssl_protocol_min",
    "log_enabled",
}


def test_the_embedded_server_is_still_the_one_that_running_py_uses():
    taken = set(inspect.signature(Server.__init__).parameters)
    assert taken >= USED, "granian's embedded server is made in another way: see running.py"
    assert inspect.iscoroutinefunction(Server.serve), "it is not awaited any more: see running.py"
    assert callable(Server.stop), "it cannot be stopped from outside: see running.py"


def test_a_request_still_answers_by_response_bytes():
    assert hasattr(HTTPProtocol, "response_bytes"), "RSGI answers in another way: see rsgi.py"
