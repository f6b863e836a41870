"""An event that a later version recorded: every call and every command says so in one sentence."""

import re

import pytest
from click.testing import CliRunner
from eventsourcing.persistence import StoredEvent
from seller import KEYS, ORGANISER, BoxOffice

from application.integrity.verification import verify
from application.integrity.workers import here
from application.ports.unit_of_work import ReadSet, UnitOfWork
from application.projector.rebuild import incomparable
from application.read_models.registry import PROJECTIONS
from domain.errors import UnknownEvent
from domain.events import Event
from domain.order import Order
from domain.ticket_moves import follow
from interface.cli.main import cli
from interface.server.flask_app import create_app

ORDERS = "/v1/resources/orders"


@pytest.fixture(params=["OrderBlessed.1", "StatusChanged.2", "StatusChanged.1"])
def name(request):
    return request.param


@pytest.fixture
def office(address, name):
    """A shop with an order whose second event is of a kind or a version not known here.

    Or it is of a known one, and has other fields.
    """
    office = BoxOffice(address)
    office.broken = office.order()
    event = StoredEvent(office.broken, 2, name, b'{"blessing":"yes"}')

    def decide(within, found):
        office.services.store.recorder.insert_events([event], within=within)

    [outcome] = office.services.store.write_all([UnitOfWork(ReadSet(order=office.broken), decide)])
    assert not isinstance(outcome, Exception), outcome
    yield office
    office.services.close()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "?version=2", None),
        ("GET", "?fields-schema=tickets{seat}", None),
        ("GET", "/history", None),
        ("GET", "/explain", None),
        ("GET", "/diff?from=1&to=2", None),
        ("GET", "/tickets", None),
        ("PATCH", "", {"customer": {"email": "a@b.example"}}),
        ("DELETE", "", None),
    ],
)
def test_every_call_answers_with_a_problem_document(office, name, method, path, body):
    client = create_app(office.services).test_client()
    answer = client.open(
        f"{ORDERS}/{office.broken}{path}",
        method=method,
        json=body,
        headers={"Authorization": f"key {KEYS[ORGANISER]}"},
    )
    assert (answer.status_code, answer.json["code"]) == (503, "unknown_event_kind")
    assert answer.json["detail"].startswith(f"{name} in order {office.broken}")


@pytest.mark.parametrize("page", ["", "?version=1", "/news"])
def test_the_console_says_that_a_later_version_is_needed(office, page):
    client = create_app(office.services).test_client()
    token = re.search(r'name="token" value="([^"]+)"', client.get("/console/sign-in").text)[1]
    client.post("/console/sign-in", data={"token": token, "key": KEYS[ORGANISER]})
    answer = client.get(f"/console/orders/{office.broken}{page}")
    assert answer.status_code == 503
    assert "A later version is needed for this" in answer.text


@pytest.mark.parametrize("command", ["show", "history", "explain", "diff"])
def test_every_command_says_it_in_one_line(office, name, command):
    options = ["--from", "1", "--to", "2"] if command == "diff" else []
    said = CliRunner().invoke(
        cli, ["--database", office.database, "order", command, office.broken, *options]
    )
    assert (said.exit_code, said.stdout) == (1, "")
    [line] = said.stderr.splitlines()
    assert line.startswith(f"{name} in order {office.broken} ")
    assert "a later version recorded it" in line


def test_every_read_model_stops_and_is_not_rebuilt(office, name):
    models = office.services.store.read_models()
    for model, projection in PROJECTIONS.items():
        office.services.loop.step(projection)
        assert name in models.state(model).stopped
        assert name in incomparable(office.services.store, projection)
        said = CliRunner().invoke(
            cli, ["--database", office.database, "projection", "rebuild", model]
        )
        assert said.exit_code == 1
        assert name in said.stderr


def test_the_verification_names_the_event(office, name):
    store = office.services.store
    found = verify(store, here(store), lambda *_: None).findings
    assert [(each.kind, each.order, each.version) for each in found] == [
        ("unreadable", office.broken, 2)
    ]
    assert name in found[0].says


class Later(Event, frozen=True, kw_only=True):
    """An event that no fold has been taught."""


def test_no_fold_passes_over_an_event():
    later = Later(
        originator_id="a", originator_version=1, at=None, actor="system", request="request-1"
    )
    with pytest.raises(UnknownEvent, match="Later in order a"):
        follow(None, [later])
    with pytest.raises(UnknownEvent, match="Later in order a"):
        Order.replay([later])
    for projection in PROJECTIONS.values():
        with pytest.raises(UnknownEvent):
            projection.rows([later])
