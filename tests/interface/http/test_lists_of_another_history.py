"""What lists answer while the log went back and their rows are not true yet."""

import re

import pytest
from log_backups import cut
from seller import KEYS, ORGANISER, SHOW, BoxOffice

from interface.server.flask_app import create_app

KEY = {"Authorization": f"key {KEYS[ORGANISER]}"}


@pytest.fixture
def client(tmp_path):
    """A client of a service that has lost orders which its lists still have."""
    url = f"sqlite:///{tmp_path / 'orders.db'}"
    with BoxOffice(url) as shop:
        for _ in range(3):
            shop.order()
        shop.catch_up()
        cut(url, 1)
        yield create_app(shop.services).test_client()


@pytest.mark.parametrize("path", ["orders", f"events/{SHOW}/sales"])
def test_lists_say_that_they_are_made_anew(client, path):
    answer = client.get(f"/v1/resources/{path}", headers=KEY)
    assert (answer.status_code, answer.json["code"]) == (503, "read_model_behind")
    assert int(answer.headers["Retry-After"]) > 0


def test_the_console_says_that_it_is_not_ready(client):
    token = re.search(r'name="token" value="([^"]+)"', client.get("/console/sign-in").text)[1]
    client.post("/console/sign-in", data={"token": token, "key": KEYS[ORGANISER]})
    answer = client.get("/console/orders")
    assert answer.status_code == 503
    assert "not ready" in answer.text
