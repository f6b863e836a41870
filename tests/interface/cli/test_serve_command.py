"""`orderlog serve`, as far as it does not come to serving. The rest is in journey/."""

import socket

import pytest


@pytest.fixture
def taken():
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        yield somebody.getsockname()[1]


def test_a_port_in_use_is_refused(orderlog, taken):
    said = orderlog("serve", "--port", str(taken))
    assert said.refused(f"Cannot listen on 127.0.0.1:{taken}", "in use")


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid", "1.2.3.4.5", "::2"])
def test_an_address_that_is_not_ours_is_refused(orderlog, host):
    assert orderlog("serve", "--host", host, "--port", "0").refused(f"Cannot listen on {host}:0")


@pytest.mark.parametrize(
    "options",
    [
        ["--port", "65536"],
        ["--port", "-1"],
        ["--port", "http"],
        ["--workers", "0"],
        ["--workers", "many"],
        ["--host"],
    ],
)
def test_what_cannot_be_is_wrong_usage(orderlog, options):
    assert orderlog("serve", *options).wrong_usage(options[0])
