"""The client that docs/how-to-client.md generates from the contract sells tickets with types."""

import importlib
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from server import EVENT, KEY
from source import ROOT

PAGE = (ROOT / "docs" / "how-to-client.md").read_text(encoding="utf-8")
PARTERRE = "56a6254bf06c5a059b93800c"
NAME = "orderlog_client"
"""What the page calls the package."""


def block(name):
    """A block of the page."""
    [found] = re.findall(rf"<!-- {name} -->\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return found


class Generated:
    """The package that was generated, and a client of it."""

    def __init__(self, name, address):
        self._name = name
        self.models = self.part("models")
        self.client = self.part("client").AuthenticatedClient(
            base_url=address, token=KEY, prefix="key"
        )

    def part(self, name):
        return importlib.import_module(f"{self._name}.{name}")

    def call(self, name, *arguments, **more):
        """What a call of the generated package answers."""
        return self.part(f"api.{name}").sync(*arguments, client=self.client, **more)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("generated")


@pytest.fixture(scope="session")
def package(folder):
    """Generates the package of a contract, once for both stores: it is the same."""
    made = {}

    def package_of(contract):
        if contract not in made:
            made[contract] = name = f"orderlog_generated_{len(made)}"
            generate(contract, folder, name)
        return made[contract]

    sys.path.insert(0, str(folder))
    yield package_of
    sys.path.remove(str(folder))


def generate(contract, folder, name):
    """Generate a package by the page's command, under another name; a warning is a fault."""
    fetch, make = block("generate").replace(NAME, name).splitlines()
    (folder / shlex.split(fetch)[-1]).write_bytes(contract)
    command, *options = shlex.split(make)
    made = python(folder, "-m", command.replace("-", "_"), *options)
    assert made.returncode == 0, made.stdout + made.stderr


def python(folder, *words):
    return subprocess.run(
        (sys.executable, *words), cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def generated(service, package):
    name = package(service.send("GET", "/openapi.json", {}).content)
    client = Generated(name, f"http://{service.host}:{service.port}")
    with client.client:
        yield client


@pytest.fixture(scope="module")
def sold(generated):
    """An order that the generated client has sold."""
    models = generated.models
    body = models.OrderIn(
        event=EVENT,
        random=models.OrderInRandom.from_dict({PARTERRE: 1}),
        all_or_nothing=True,
        customer=models.CustomerIn(email="buyer@example.org"),
        payment=models.PaymentIn(system="api/BASE", send_tickets=True),
        vendor_data=models.VendorDataIn.from_dict({"order_id": "G-1", "raw": {"till": 7}}),
    )
    order = generated.call("orders.create_order", body=body)
    assert isinstance(order, models.Order), order
    for status in models.OrderChangeInStatus.IN_PROGRESS, models.OrderChangeInStatus.DONE:
        change = models.OrderChangeIn(status=status)
        order = generated.call("orders.change_order", order.id, body=change)
        assert isinstance(order, models.Order), order
    return order


def test_it_sells_and_reads_typed_answers(generated, sold):
    models = generated.models
    assert sold.status is models.OrderStatus.DONE
    assert isinstance(sold.created_at, datetime)
    assert timedelta() <= datetime.now(UTC) - sold.created_at < timedelta(hours=1)
    assert sold.customer.email == "buyer@example.org"
    assert sold.customer.last_name is None
    assert sold.payment.send_tickets is True
    [ticket] = generated.call("order_tickets.list_order_tickets", sold.id)
    assert isinstance(ticket, models.OrderTicket)
    assert ticket.barcode


def test_a_list_and_a_chosen_field_are_typed(generated, sold):
    listed = generated.call("orders.list_orders", status="done,executed", number=sold.number)
    assert [each.id for each in listed] in ([sold.id], [])
    shaped = generated.call("orders.read_order", sold.id, fields_schema="vendor_data{order_id,raw}")
    assert shaped.vendor_data.order_id == "G-1"
    assert shaped.vendor_data.raw["till"] == 7


def test_a_refusal_is_a_typed_problem(generated, sold):
    models = generated.models
    change = models.OrderChangeIn(customer=models.CustomerIn(email="other@example.org"))
    problem = generated.call("orders.change_order", sold.id, body=change)
    assert isinstance(problem, models.Problem)
    assert (problem.status, problem.code) == (400, "customer_locked")
    assert problem.current.status is models.CurrentStatus.DONE
    body = models.OrderIn(event=EVENT, tickets=["no id"])
    problem = generated.call("orders.create_order", body=body)
    assert [each.pointer for each in problem.errors] == ["/tickets/0"]
    problem = generated.call("orders.read_order", "0" * 24)
    assert (problem.status, problem.code) == (404, "unknown_order")


def test_the_program_of_the_page_sells(service, package, folder):
    name = package(service.send("GET", "/openapi.json", {}).content)
    program = block("client").replace(NAME, name)
    sell = ("-c", program, service.address, KEY)
    sold = python(folder, *sell, f"purchase-of-{name}")
    assert re.fullmatch(r"\d+ done \d{20}\n", sold.stdout), sold.stdout + sold.stderr
    again = python(folder, *sell, f"purchase-of-{name}")
    assert "move_not_allowed: " in again.stderr
    refused = python(folder, *sell, "x" * 256)
    assert "bad_idempotency_key: " in refused.stderr
