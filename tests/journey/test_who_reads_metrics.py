"""Metrics are for operators: by address or key, however the path is spelt."""

import socket
from contextlib import ExitStack

import pytest
from server import PARTNER, serving

METRICS = "/metrics"
ALLOWED, DECLARED = "203.0.113.7", "127.0.0.1"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A service as it is without a setting."""
    folder = tmp_path_factory.mktemp("guarded")
    with serving(f"sqlite:///{folder}/orders.db", folder / "log") as service:
        yield service


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A service that names who reads its metrics, and the proxy in front of it."""
    folder = tmp_path_factory.mktemp("named")
    settings = {"ORDERLOG_METRICS_FROM": f"{ALLOWED},10.0.0.0/8", "ORDERLOG_PROXIES": DECLARED}
    with serving(f"sqlite:///{folder}/orders.db", folder / "log", **settings) as service:
        yield service


def key_with(service, scope):
    return {"Authorization": f"key {service.create_key('--scope', scope)}"}


def status(service, path=METRICS, **headers):
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.send("GET", path, said).status


def test_the_machine_itself_needs_no_key(guarded):
    assert status(guarded) == 200
    assert guarded.send("HEAD", METRICS, {}).status == 200


@pytest.mark.parametrize("path", [METRICS, "/%6detrics", "/metric%73", "/%6D%65trics?a=1"])
@pytest.mark.parametrize(
    "passed_on",
    [
        {"X_Forwarded_For": "203.0.113.9"},
        {"X_Forwarded_For": "127.0.0.1"},
        {"X_Forwarded_For": ""},
        {"X_Real_IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
)
def test_what_a_proxy_on_the_machine_passes_on_needs_one(guarded, path, passed_on):
    assert status(guarded, path, **passed_on) == 401


@pytest.mark.parametrize(
    ("scope", "expected"), [("audit", 200), ("admin", 200), ("orders:read", 403)]
)
def test_from_elsewhere_a_key_needs_the_scope(guarded, scope, expected):
    headers = {**key_with(guarded, scope), "X-Forwarded-For": "203.0.113.9"}
    answer = guarded.send("GET", METRICS, headers)
    assert answer.status == expected
    assert answer.headers["x-partner"] == PARTNER
    if expected == 403:
        assert answer.body["code"] == "missing_scope"


def test_bad_keys_are_guesses_here_too(guarded):
    headers = {"Authorization": "key 0123", "X-Forwarded-For": "203.0.113.9"}
    statuses = {guarded.send("GET", METRICS, headers).status for _ in range(21)}
    assert statuses == {401, 429}


def test_named_addresses_read_them_behind_a_declared_proxy(named):
    assert status(named, X_Forwarded_For=ALLOWED) == 200
    assert status(named, X_Forwarded_For=f"1.2.3.4, {ALLOWED}") == 200
    assert status(named, X_Forwarded_For="10.9.8.7") == 200


def test_nobody_else_does(named):
    assert status(named) == 401
    assert status(named, X_Forwarded_For=f"{ALLOWED}, 1.2.3.4") == 401
    assert status(named, X_Forwarded_For="127.0.0.1") == 401
    assert status(named, Forwarded=f"for={ALLOWED}") == 401


def test_everybody_may_if_the_operator_says_so(tmp_path):
    settings = {"ORDERLOG_METRICS_FROM": "*"}
    database = f"sqlite:///{tmp_path}/orders.db"
    with serving(database, tmp_path / "log", **settings) as service:
        assert status(service, X_Forwarded_For="203.0.113.9") == 200


def test_another_address_of_the_machine_is_not_loopback(tmp_path):
    address = own_address()
    database = f"sqlite:///{tmp_path}/orders.db"
    with ExitStack() as opened:
        service = opened.enter_context(serving(database, tmp_path / "log", "--host", "0.0.0.0"))
        service.host = address
        assert status(service) == 401
        service.host = "127.0.0.1"
        assert status(service) == 200


def own_address():
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network")
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no network")
    return address
