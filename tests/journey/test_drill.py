"""A drill sells to a crowd, survives a kill, and proves it; on each store."""

import json
import subprocess
import sys
from decimal import Decimal

import pytest


def drill(*options):
    ended = subprocess.run(
        [sys.executable, "-m", "interface.cli.main", "drill", *options],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    return ended


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request):
    """The options that name an empty database; none for the throw-away one."""
    if request.param == "sqlite":
        return []
    return ["--database", request.getfixturevalue("database")]


@pytest.mark.experiment
def test_a_server_that_is_killed_in_the_rush_loses_and_oversells_nothing(empty):
    options = ("--seconds", "3", "--buyers", "8", "--gateway", "0.3", "--kill", "--json")
    ended = drill(*options, *empty)
    found = json.loads(ended.stdout)
    assert found["findings"] == []
    assert (found["oversold"], found["lost"], found["stranded"]) == (0, 0, 0)
    assert found["killed"]
    assert found["retries"] > 0
    assert found["orders"] > 10
    assert found["promises"] >= found["orders"]
    assert {"orders_per_second", "p50_ms", "p99_ms", "noop_per_second", "ratio"} <= found.keys()
    assert found["processor_us_per_order"] > 100
    assert ended.returncode == 0
    assert_the_money_has_its_places(found["gateway"])


def assert_the_money_has_its_places(gateway):
    assert (gateway["missing"], gateway["wrong"]) == (0, 0)
    assert gateway["notices_sent"] > gateway["notices"] > gateway["orders"] > 10
    assert gateway["sender_killed"] == 2
    [rubles] = [each for each in gateway["money"] if each["currency"] == "RUB"]
    places = ("earned", "due_back", "refunded", "charged_back", "kept", "attention")
    assert Decimal(rubles["sent"]) == sum(Decimal(rubles[name]) for name in places)
    assert Decimal(rubles["earned"]) > 0


def test_a_drill_ends_when_all_is_sold():
    ended = drill("--tickets", "40", "--buyers", "4", "--seconds", "60")
    assert ended.returncode == 0
    assert "tickets in two orders" in ended.stdout
    assert "orders whose money does not add up" in ended.stdout


def test_it_sells_several_events_and_ends_after_its_orders(empty):
    options = ("--orders", "90", "--events", "3", "--buyers", "4", "--gateway", "0.2", "--json")
    ended = drill(*options, *empty)
    found = json.loads(ended.stdout)
    assert ended.returncode == 0
    assert found["findings"] == []
    assert (found["orders"], found["events"], found["tickets"]) == (90, 3, 360)
    assert found["promises"] == 90
    assert not found["sold_out"]
    assert {"orders_per_second", "processor_us_per_order"} == found["pace"][-1].keys()


def test_it_ends_before_its_orders_when_all_events_are_sold_out(empty):
    options = ("--orders", "90", "--tickets", "14", "--events", "3", "--buyers", "4")
    ended = drill(*options, *empty)
    assert ended.returncode == 0
    assert "14 tickets of 3 events, sold out" in ended.stdout
    assert " of 90 in " in ended.stdout


def test_a_database_with_something_in_it_is_refused(tmp_path):
    address = f"sqlite:///{tmp_path / 'shop.db'}"
    load = [sys.executable, "-m", "interface.cli.main", "--database", address, "catalog", "load"]
    subprocess.run([*load, "--sample"], check=True, capture_output=True)
    ended = drill("--database", address, "--seconds", "1")
    assert ended.returncode == 1
    assert "is not empty" in ended.stderr
