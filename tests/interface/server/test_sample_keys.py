"""The keys of the README open a sample, from the same machine, and nothing else."""

import json
import socket
from contextlib import suppress

import pytest
from polling import until
from server import KEY, ORDERS, orderlog, serving

from interface.http.authentication import FORWARDED, is_local

OWN = {
    "partners": [{"id": "5" * 24, "name": "Own", "language": "en", "keys": ["0f1e2d3c" * 4]}],
    "payment_systems": [],
    "deals": [],
    "events": [],
}


def load(database, tmp_path, document=OWN):
    file = tmp_path / "own.json"
    file.write_text(json.dumps(document))
    return orderlog("catalog", "load", str(file), "--database", database)


def test_a_sample_ends_where_a_database_has_partners_of_its_own(address, tmp_path):
    with serving(address, tmp_path / "log") as service:
        assert service.call("GET", ORDERS).status == 200
        assert service.call("GET", ORDERS, X_Forwarded_For="10.1.2.3").status == 401
        assert service.call("GET", ORDERS, Forwarded="for=127.0.0.1").status == 401
        assert load(address, tmp_path).returncode == 0
        own = f"key {'0f1e2d3c' * 4}"
        until(
            lambda: service.call("GET", ORDERS, Authorization=own).status == 200,
            "its own key does not open it",
        )
        until(lambda: service.call("GET", ORDERS).status == 401, "the sample's key still opens it")
    for command in (["serve", "--port", "0", "--sample"], ["catalog", "load", "--sample"]):
        refused = orderlog(*command, "--database", address)
        assert refused.returncode == 1
        assert "its own partners" in refused.stderr


@pytest.mark.parametrize("sample", [True, False])
def test_the_keys_of_the_readme_are_those_of_a_sample_even_in_another_file(office, sample):
    with office.services.store.change_catalog() as change:
        change.put(
            "partner", "5" * 24, b'{"id": "%s", "name": "O", "language": "en"}' % (b"5" * 24)
        )
    office.services.catalog._look_again = 0.0
    assert office.services.access.caller(KEY, local=sample) is None


def test_a_process_without_the_sample_refuses_its_keys(office):
    office.services.access._sample = False
    assert office.services.access.caller(KEY, local=True) is None
    office.services.access._sample = True
    assert office.services.access.caller(KEY, local=False) is None
    assert office.services.access.caller(KEY, local=True) is not None


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("172.17.0.1", False),
        ("0.0.0.0", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_only_loopback_is_this_machine(address, local):
    assert is_local({"REMOTE_ADDR": address}) is local
    assert not is_local({"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": "127.0.0.1"})


@pytest.mark.parametrize("header", sorted(FORWARDED))
def test_what_a_proxy_adds_is_not_from_this_machine(header):
    assert is_local({"REMOTE_ADDR": "127.0.0.1"})
    assert not is_local({"REMOTE_ADDR": "127.0.0.1", header: ""})


def own_addresses():
    """The addresses of this machine on its networks; a datagram socket finds them by itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, suppress(OSError):
        asking.connect(("192.0.2.1", 9))
        yield asking.getsockname()[0]


def test_a_sample_is_closed_at_the_other_addresses_of_its_machine(tmp_path):
    with serving(f"sqlite:///{tmp_path}/orders.db", tmp_path / "log", "--host", "::") as service:
        headers = {"Authorization": f"key {KEY}"}
        for host in ("127.0.0.1", "::1"):
            service.host = host
            assert service.send("GET", ORDERS, headers).status == 200
            assert (
                service.send("GET", ORDERS, headers | {"X-Forwarded-Proto": "https"}).status == 401
            )
        for service.host in own_addresses():
            assert service.send("GET", ORDERS, headers).status == 401
