from datetime import date

import msgspec
import pytest

from application.bootstrap import build
from application.catalog.loading import load_sample
from application.orders.document_types import SalesDocument
from application.runtime.clock import now
from application.settings import Settings
from interface.server.flask_app import create_app

SHOW = "/v1/resources/events/56a6253df06c5a059a93802e/sales"
PARTERRE = "56a6254bf06c5a059b93800c"
ORG = {"Authorization": "key 047bdb8bcee44d3693371920aaf9135c"}
SHOP = {"Authorization": "key 5d8f7c1a90b34f0c8a6e2b7d41c3f9e0"}


@pytest.fixture
def services(tmp_path):
    services = build(
        Settings(database=f"sqlite:///{tmp_path / 'orders.db'}", wait_seconds=20.0, sample=True)
    )
    load_sample(services.store, now())
    services.loop.start()
    yield services
    services.loop.stop()
    services.close()


@pytest.fixture
def client(services):
    return create_app(services).test_client()


def test_the_organiser_reads_what_was_just_sold(client):
    command = {"event": SHOW.split("/")[4], "random": {PARTERRE: 2}}
    made = client.post("/v1/resources/orders", json=command, headers=SHOP)
    shown = {**ORG, "X-Wait-For-Position": made.headers["X-Log-Position"]}
    answer = client.get(SHOW, headers=shown)
    assert answer.status_code == 200
    assert msgspec.convert(answer.json, SalesDocument) == answer.json
    assert (answer.json["orders"], answer.json["held"], answer.json["sold"]) == (1, 2, 0)
    [day] = answer.json["days"]
    assert date.fromisoformat(day["day"])
    assert day["held"] == 2


def test_a_vendor_is_not_told_how_somebody_elses_show_sells(client):
    answer = client.get(SHOW, headers=SHOP)
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_event")


@pytest.mark.parametrize("event", ["nonsense", "56a6253df06c5a059a938000"])
def test_an_event_that_does_not_exist_has_no_sales(client, event):
    assert client.get(f"/v1/resources/events/{event}/sales", headers=ORG).status_code == 404


def test_a_bad_position_is_told(client):
    answer = client.get(SHOW, headers={**ORG, "X-Wait-For-Position": "soon"})
    assert (answer.status_code, answer.json["code"]) == (400, "bad_position")


def test_a_parameter_that_means_nothing_is_told(client):
    assert client.get(f"{SHOW}?day=1", headers=ORG).status_code == 400
