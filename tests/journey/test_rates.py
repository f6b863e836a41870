"""A real server refuses those who ask too often, and nobody else."""

import json
import time
from contextlib import closing, suppress
from http.client import HTTPConnection

import pytest
from server import KEY, ORDERS, Service, serving

from application.bootstrap import build
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from application.settings import Settings

SLOW, QUICK = "a" * 24, "b" * 24
KEYS = {SLOW: "0123456789abcdef" * 2, QUICK: "fedcba9876543210" * 2}
FILE = {
    "partners": [
        {"id": SLOW, "name": "S", "language": "en", "keys": [KEYS[SLOW]], "rate_per_second": 5},
        {"id": QUICK, "name": "Q", "language": "en", "keys": [KEYS[QUICK]]},
    ]
}


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rates")
    database = f"sqlite:///{folder / 'orders.db'}"
    services = build(Settings(database=database))
    load_catalog(services.store, read_catalog_file(json.dumps(FILE)), services.clock())
    services.close()
    with Service(database, folder / "log") as service:
        yield service


def statuses(service, times, method, path, headers, body=None):
    """The answers to requests on one connection: the statuses, and the last refusal."""
    found, refusal = [], None
    with closing(HTTPConnection(service.host, service.port, timeout=60)) as connection:
        for _ in range(times):
            with suppress(BrokenPipeError):  # a body is not read to its end if it is too large
                connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            found.append(answer.status)
            if answer.status == 429:
                refusal = dict(answer.getheaders()), content
    return found, refusal


@pytest.mark.parametrize("path", [ORDERS, f"{ORDERS}/{'5' * 24}"])
def test_a_partner_is_refused_beyond_its_rate(limited, path):
    """One call is answered by Flask, the other on the loop."""
    found, (headers, content) = statuses(
        limited, 40, "GET", path, {"Authorization": f"key {KEYS[SLOW]}"}
    )
    assert found.count(429) >= 20
    assert headers["retry-after"] == "1"
    assert headers["ratelimit-policy"] == '"requests";q=5;w=1'
    assert headers["ratelimit"] == '"requests";r=0;t=1'
    assert json.loads(content)["code"] == "too_many_requests"
    assert headers["x-partner"] == SLOW
    other, _ = statuses(limited, 40, "GET", path, {"Authorization": f"key {KEYS[QUICK]}"})
    assert 429 not in other


def test_bad_keys_are_refused_and_good_ones_from_there_are_not(limited):
    found, (headers, _) = statuses(limited, 30, "GET", ORDERS, {"Authorization": "key " + "0" * 32})
    assert found == [401] * 20 + [429] * 10
    assert int(headers["retry-after"]) <= 10
    good, _ = statuses(limited, 5, "GET", ORDERS, {"Authorization": f"key {KEYS[QUICK]}"})
    assert good == [200] * 5


def test_requests_without_a_key_are_counted_and_health_is_not(limited):
    found, (headers, _) = statuses(limited, 400, "GET", ORDERS, {})
    assert set(found) == {401, 429}
    assert headers["ratelimit-policy"] == '"requests-without-a-key";q=100;w=1'
    health, _ = statuses(limited, 300, "GET", "/health/live", {})
    assert set(health) == {200}
    time.sleep(1)


JSON = {"Authorization": f"key {KEYS[QUICK]}", "Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_bodies_and_forms_have_their_sizes(limited):
    body = b'{"x": "' + b"x" * 65_520 + b'"}'
    assert statuses(limited, 1, "POST", ORDERS, JSON, body)[0] == [400]
    assert statuses(limited, 1, "POST", ORDERS, JSON, body + b" " * 100)[0] == [413]
    form = b"&".join(b"a%d=" % number for number in range(4000))
    assert statuses(limited, 1, "POST", "/console/sign-in", FORM, form)[0] == [413]


def test_a_body_in_pieces_is_not_read_beyond_its_size(limited):
    pieces = (b" " * 65_536 for _ in range(3))
    assert statuses(limited, 1, "POST", ORDERS, JSON, pieces)[0] == [413]


def test_many_unknown_names_are_a_short_answer(limited):
    names = json.dumps({f"n{number}": 1 for number in range(4000)})
    with closing(HTTPConnection(limited.host, limited.port, timeout=60)) as connection:
        for body in (names, f'{{"customer": {names}}}'):
            connection.request("POST", ORDERS, body, JSON)
            answer = connection.getresponse()
            problem = json.loads(answer.read())
            assert (answer.status, problem["code"]) == (400, "bad_body")
            assert len(problem["errors"]) == 100
            assert problem["errors"][-1]["pointer"].endswith("/n99")


def test_sign_in_guesses_are_refused(tmp_path):
    database = f"sqlite:///{tmp_path / 'orders.db'}"
    with serving(database, tmp_path / "log") as service:
        with closing(HTTPConnection(service.host, service.port, timeout=60)) as connection:
            connection.request("GET", "/console/sign-in")
            page = connection.getresponse()
            cookie = page.getheader("Set-Cookie").partition(";")[0]
            token = page.read().decode().partition('name="token" value="')[2].partition('"')[0]
        headers = {**FORM, "Cookie": cookie}
        guess = f"token={token}&key={'0' * 32}"
        found, (refused, _) = statuses(service, 25, "POST", "/console/sign-in", headers, guess)
        assert found == [403] * 20 + [429] * 5
        assert int(refused["retry-after"]) <= 10
        right = f"token={token}&key={KEY}"
        assert statuses(service, 1, "POST", "/console/sign-in", headers, right)[0] == [303]
