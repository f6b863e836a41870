"""SIGHUP, or a second server that shares the port, replaces all processes; no request is lost."""

import fcntl
import os
import shutil
import signal
import socket
import ssl
import subprocess
import termios
from contextlib import closing

import pytest
from busy_clients import BusyClients
from certificates import Certificate
from databases import a_database
from polling import until
from server import ORDERLOG, ORDERS, children, serving

SOON = 20
WORKERS = ("--workers", "2")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    with a_database(request.param, request, tmp_path) as url:
        yield url


def reload(service):
    """Send SIGHUP; return when all processes are others."""
    before = set(children(service.process))
    service.process.send_signal(signal.SIGHUP)
    until(
        lambda: not before & (now := set(children(service.process))) and len(now) == len(before),
        "the processes are not replaced",
    )


def refused_reload(service):
    """Send SIGHUP for what cannot be taken; return why, once what could not start has ended."""
    before = children(service.process)
    service.process.send_signal(signal.SIGHUP)
    [failed] = until(lambda: service.log("reload_failed"), "it is taken")
    until(lambda: children(service.process) == before, "what could not start stays")
    return failed["reason"]


def test_a_hangup_replaces_all_processes_and_loses_no_request(database, tmp_path):
    with serving(database, tmp_path / "log", *WORKERS) as service:
        clients = BusyClients(service.host, service.port, keeping=6, opening=2)
        clients.busy()
        for _ in range(2):
            reload(service)
            assert service.order()
        assert service.stop() == 0
        clients.join()
        assert lost(clients) == []
        assert clients.closing
        assert [each["processes"] for each in service.log("reloaded")] == [2, 2]
        assert service.log("server_process_died") == []


@pytest.mark.experiment
def test_a_second_server_takes_over_without_losing_a_request(database, tmp_path):
    with serving(database, tmp_path / "log", *WORKERS) as old:
        clients = BusyClients(old.host, old.port, keeping=6, opening=2)
        clients.busy()
        new = serving(database, tmp_path / "new-log", "--share-port", *WORKERS)
        new.port = old.port
        with new:
            assert old.stop() == 0
            assert new.order()
            assert new.stop() == 0
            clients.join()
    assert lost(clients) == []
    assert clients.closing


def test_a_certificate_is_read_anew(tmp_path):
    old, new = (Certificate(folder(tmp_path / name)) for name in ("old", "new"))
    options = ("--tls-cert", str(old.cert), "--tls-key", str(old.key))
    with serving(f"sqlite:///{tmp_path}/orders.db", tmp_path / "log", *options) as service:
        assert shown(service) == served(old)
        before = served(old)
        shutil.copy(new.cert, old.cert)
        assert refused_reload(service)
        assert shown(service) == before
        shutil.copy(new.key, old.key)
        reload(service)
        assert shown(service) == served(new)


def test_a_secret_of_keys_that_is_not_the_databases_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    secret = tmp_path / "state" / "orderlog" / "key-secret"
    with serving(f"sqlite:///{tmp_path}/orders.db", tmp_path / "log") as service:
        assert service.call("GET", ORDERS).status == 200
        good = secret.read_text()
        secret.write_text("ab" * 32)
        assert str(secret) in refused_reload(service)
        assert service.call("GET", ORDERS).status == 200
        secret.write_text(good)
        reload(service)
        assert service.call("GET", ORDERS).status == 200


def test_a_terminal_that_hangs_up_stops_it(tmp_path):
    ours, its = os.openpty()
    command = ("--database", f"sqlite:///{tmp_path}/orders.db", "serve", "--sample", "--port", "0")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            (*ORDERLOG, *command),
            stdin=its,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads here
        )
    os.close(its)
    with process:
        assert b"listens on" in process.stdout.readline()
        os.close(ours)
        assert process.wait(SOON) == 0


def test_it_tells_the_manager_that_started_it_when_it_answers(tmp_path):
    path = str(tmp_path / "notify")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(path)
        manager.settimeout(SOON)
        database = f"sqlite:///{tmp_path}/orders.db"
        with serving(database, tmp_path / "log", NOTIFY_SOCKET=path):
            assert manager.recv(100) == b"READY=1"


def lost(clients):
    """What went wrong with requests, but for answers that their partner has too many orders."""
    return [each for each in clients.cut if "too_many_empty_orders" not in each]


def folder(path):
    path.mkdir()
    return path


def served(certificate):
    return ssl.PEM_cert_to_DER_cert(certificate.cert.read_text())


def shown(service):
    """The certificate that the service shows."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((service.host, service.port)))
