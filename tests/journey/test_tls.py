"""The service speaks TLS itself, or behind the nginx of docs/deploy/nginx.conf."""

import json
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from http.client import HTTPSConnection

import pytest
from certificates import Certificate
from click.testing import CliRunner
from polling import until
from server import EMPTY_ORDER, KEY, ORDERS, SECONDS, serving
from source import ROOT

from interface.cli.main import cli


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificate"))


class Secured:
    """A client that speaks TLS."""

    def __init__(self, port, certificate, key=KEY):
        self.port = port
        self.headers = {"Authorization": f"key {key}", "Content-Type": "application/json"}
        self.trusted = certificate.trusted()

    def send(self, method, path, body=None, **headers):
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=SECONDS, context=self.trusted)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, self.headers | headers)
            answer = connection.getresponse()
            answer.read()
            return answer
        finally:
            connection.close()


@pytest.fixture(scope="module")
def secured(tmp_path_factory, certificate):
    folder = tmp_path_factory.mktemp("secured")
    files = ("--tls-cert", str(certificate.cert), "--tls-key", str(certificate.key))
    with serving(f"sqlite:///{folder}/orders.db", folder / "log", *files) as service:
        assert "https://" in service.line
        yield Secured(service.port, certificate)


def test_it_speaks_tls_itself(secured):
    answer = secured.send("POST", ORDERS, EMPTY_ORDER)
    assert answer.status == 201
    assert "max-age=" in answer.getheader("Strict-Transport-Security")


def test_nobody_speaks_http_2_to_it_behind_tls_either(secured):
    secured.trusted.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", secured.port), SECONDS) as plain,
        secured.trusted.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        assert connection.selected_alpn_protocol() == "http/1.1"


def test_who_does_not_shake_hands_keeps_nobody_waiting(secured):
    with ExitStack() as opened:
        for _ in range(50):
            opened.enter_context(socket.create_connection(("127.0.0.1", secured.port), SECONDS))
        began = time.monotonic()
        assert secured.send("GET", "/health/live").status == 200
        assert time.monotonic() - began < 2


def test_files_that_are_no_pair_are_refused_in_a_sentence(certificate, tmp_path):
    other, hidden = Certificate(tmp_path), tmp_path / "hidden"
    hidden.mkdir()
    locked = Certificate(hidden, b"secret")
    for files, said in (
        ((certificate.cert, None), "needs a certificate and its key"),
        ((None, certificate.key), "needs a certificate and its key"),
        ((certificate.cert, other.key), "the key is not the certificate's"),
        ((certificate.cert, tmp_path / "none"), "No such file"),
        ((certificate.key, certificate.key), "not the right kind of PEM file"),
        ((locked.cert, locked.key), "the key has a password"),
    ):
        options = [
            part
            for name, file in zip(("--tls-cert", "--tls-key"), files, strict=True)
            if file is not None
            for part in (name, str(file))
        ]
        ended = CliRunner().invoke(cli, ["serve", "--port", "0", *options])
        assert (ended.exit_code, ended.stdout) == (1, "")
        assert said in ended.stderr
        assert ended.stderr.count("\n") == 1


MAIN = """
daemon off;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


def documented(port, upstream, certificate):
    """The documented file, with addresses and files of a test."""
    site = (ROOT / "docs" / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for theirs, ours in (
        ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/ssl/orderlog.pem", str(certificate.cert)),
        ("/etc/ssl/orderlog.key", str(certificate.key)),
    ):
        assert site.count(theirs) == 1
        site = site.replace(theirs, ours)
    return site


@contextmanager
def nginx(folder, service, certificate):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    site = documented(port, service.port, certificate)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, site=site))
    command = [shutil.which("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with (folder / "errors").open("w") as errors, subprocess.Popen(command, stderr=errors) as it:
        try:
            until(lambda: it.poll() is not None or is_open(port), "nginx does not start")
            assert it.poll() is None, (folder / "errors").read_text()
            yield Secured(port, certificate, service.create_key())
        finally:
            it.terminate()


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory, certificate):
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed (Debian: apt-get install nginx-light)")
    folder = tmp_path_factory.mktemp("nginx")
    with (
        serving(f"sqlite:///{folder}/orders.db", folder / "log") as service,
        nginx(folder, service, certificate) as client,
    ):
        yield client


def test_behind_nginx_orders_are_sold(behind_nginx):
    """By a key of its own: those of the sample are refused to what a proxy passes on."""
    answer = behind_nginx.send("POST", ORDERS, EMPTY_ORDER)
    assert (answer.status, answer.getheader("ETag")) == (201, '"1"')
    assert "max-age=" in answer.getheader("Strict-Transport-Security")
    made = answer.getheader("X-Log-Position")
    assert behind_nginx.send("GET", ORDERS, **{"X-Wait-For-Position": made}).status == 200


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/x/../metrics"])
def test_behind_nginx_no_spelling_gets_around_a_fence(behind_nginx, path):
    assert behind_nginx.send("GET", path).status == 403


def test_behind_nginx_an_address_has_its_limit(behind_nginx):
    with ExitStack() as opened:
        connection = HTTPSConnection(
            "127.0.0.1", behind_nginx.port, timeout=SECONDS, context=behind_nginx.trusted
        )
        opened.callback(connection.close)
        statuses = set()
        for _ in range(1_500):
            connection.request("GET", "/health/live")
            answer = connection.getresponse()
            answer.read()
            statuses.add(answer.status)
            if answer.status == 429:
                break
            if answer.getheader("Connection") == "close":
                connection.close()
    assert statuses == {200, 429}
