"""`orderlog feed publish` beside a service that sells; it is killed, and so is the broker."""

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
from certificates import Certificate
from nats_server import nats_server
from polling import until
from sale import Sale
from server import ORDERLOG, orderlog, serving

SECRET = "nobody-sees-this"
KILLS = 2
STREAM = "ORDERLOG"
PUBLISH = ("feed", "publish", "--database")


@contextmanager
def publishing(database, log, *options, **environment):
    """A process that publishes; killed at the end if it still runs."""
    with log.open("a") as errors:
        process = subprocess.Popen(
            (*ORDERLOG, *PUBLISH, database, *options),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **environment},
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def grows(broker):
    before = broker.last_sequence(STREAM)
    until(lambda: broker.last_sequence(STREAM) > before, "nothing is published any more")


def test_every_position_is_there_once_and_in_order(own_database, log, tmp_path):
    to = ("--stream", STREAM, "--to")
    with (
        serving(own_database, log) as service,
        nats_server(tmp_path / "nats") as broker,
        Sale(service) as sale,
        publishing(own_database, tmp_path / "second", *to, broker.address) as second,
    ):
        grows(broker)  # the second has found its broker, and waits for it from now on
        for _ in range(KILLS):
            with publishing(own_database, tmp_path / "first", *to, broker.address):
                grows(broker)
            broker.kill()
            time.sleep(0.1)
            broker.start()
            grows(broker)
        assert sale.done
        second.send_signal(signal.SIGTERM)
        said, _ = second.communicate(timeout=30)
        assert second.returncode == 0
        assert said.startswith(f"The stream {STREAM} stands at position ")
    with nats_server(tmp_path / "nats") as broker:
        ended = orderlog(*PUBLISH, own_database, "--once", *to, broker.address)
        assert ended.returncode == 0, ended.stderr
        found = broker.messages(STREAM)
    shown = orderlog("feed", "show", "--json", "--limit", "10000", "--database", own_database)
    events = json.loads(shown.stdout)["events"]
    assert [each.event for each in found] == events
    assert len(events) >= len(sale.done)


@pytest.fixture(scope="module")
def sold(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sold")
    database = f"sqlite:///{folder / 'orders.db'}"
    with serving(database, folder / "log") as service:
        for _ in range(3):
            service.order()
    return database


def test_a_password_is_given_in_the_environment_and_never_shown(sold, tmp_path):
    options = ("--user", "shop", "--pass", SECRET)
    with nats_server(tmp_path / "nats", *options) as broker:
        where = f"127.0.0.1:{broker.port}"
        for password, code in ((SECRET, 0), (f"{SECRET}-not", 1)):
            ended = orderlog(
                *(*PUBLISH, sold, "--once"), ORDERLOG_FEED_TO=f"nats://shop:{password}@{where}"
            )
            assert ended.returncode == code, ended
            assert SECRET not in ended.stdout + ended.stderr
        assert f"The broker at nats://{where} refuses the credentials." in ended.stderr
        given = orderlog(*PUBLISH, sold, "--once", "--to", f"nats://shop:{SECRET}@{where}")
    assert given.returncode == 1
    assert "ORDERLOG_FEED_TO" in given.stderr
    assert SECRET not in given.stderr


def test_tls_is_spoken_where_the_address_says_so_and_nothing_is_sent_without(sold, tmp_path):
    made = Certificate(tmp_path)
    secure = ("--tls", "--tlscert", str(made.cert), "--tlskey", str(made.key))
    with nats_server(tmp_path / "secure", *secure) as broker:
        to = ("--once", "--to", f"tls://localhost:{broker.port}")
        trusted = orderlog(*PUBLISH, sold, *to, SSL_CERT_FILE=str(made.cert))
        assert (trusted.returncode, trusted.stderr) == (0, "")
        assert "3 events were published" in trusted.stdout
        stranger = orderlog(*PUBLISH, sold, *to)
        assert (stranger.returncode, stranger.stdout) == (1, "")
        assert "its certificate is not good" in stranger.stderr
    with nats_server(tmp_path / "plain", "--user", "shop", "--pass", SECRET) as broker:
        plain = orderlog(
            *(*PUBLISH, sold, "--once"),
            ORDERLOG_FEED_TO=f"tls://shop:{SECRET}@127.0.0.1:{broker.port}",
        )
    assert plain.returncode == 1
    assert "does not speak TLS: nothing was sent." in plain.stderr


def test_a_broker_that_is_not_there_or_has_no_streams_is_named(sold, tmp_path):
    with nats_server(tmp_path / "nats", jetstream=False) as broker:
        to = ("--once", "--to", broker.address)
        without = orderlog(*PUBLISH, sold, *to)
    gone = orderlog(*PUBLISH, sold, *to)
    assert (without.returncode, gone.returncode) == (1, 1)
    says = f"The broker at {broker.address}"
    assert without.stderr == f"{says} takes nothing: it has no JetStream.\n"
    assert gone.stderr == f"{says} cannot be reached: connection refused.\n"
