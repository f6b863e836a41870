"""What a drill ends with when its money does not add up: exit code 1, and the order is named."""

import json
import math
from decimal import Decimal

import pytest
from click.testing import CliRunner

from application.catalog import seat_blocks
from application.integrity.payment_proof import PaymentProof
from application.integrity.report import Report
from application.integrity.sale_proof import Proof
from domain.money import Balance
from interface.cli.main import cli
from interface.load import rush
from interface.load.gateway_desk import ThroughGateway
from interface.load.limits import MOST_TICKETS_OF_EVENT
from interface.load.pace import Stretch

TENTHS = range(1, 9)
WRONG = "order 6b0c13f14e907ab2ef148d00: received is 314.99 RUB, and the gateway knows of 315.00"


def drilled(missing=(), wrong=(), trouble=(), wanted=None):
    report = Report(
        **dict.fromkeys(("position", "events", "orders", "holdings", "tickets"), 1),
        **dict.fromkeys(("checkpoints", "unsigned", "recorded", "unproven", "recorded_before"), 0),
        **dict.fromkeys(("oversold", "wrong"), 0),
        checkpoint=None,
        with_tickets=True,
        seconds=1.0,
        findings=[],
    )
    balance = Balance(currency="RUB", received=Decimal("315.00"), earned=Decimal("315.00"))
    money = ThroughGateway(
        share=0.1,
        buyers=1,
        refunds=0,
        tries=3,
        kills=2,
        trouble=list(trouble),
        proof=PaymentProof(
            notices=2,
            unknown=0,
            orders=1,
            sent={"RUB": Decimal("315.00")},
            of_nobody={},
            balances=[balance],
            missing=list(missing),
            wrong=list(wrong),
        ),
    )
    rates = ("orders_per_second", "requests_per_second", "noop_per_second", "ratio")
    times = ("seconds", "processor_us_per_order", "p50_ms", "p95_ms", "p99_ms")
    return rush.Drilled(
        events=1,
        tickets=4,
        sold_out=False,
        wanted=wanted,
        pace=[
            Stretch(orders_per_second=9.0 - each, processor_us_per_order=each) for each in TENTHS
        ],
        orders=1,
        **dict.fromkeys((*rates, *times), 1.0),
        steps={},
        retries=0,
        killed=False,
        trouble=[],
        proof=Proof(report=report, lost=[], acknowledged_results=1),
        money=money,
    )


def outcome(monkeypatch, *options, **found):
    monkeypatch.setattr(rush, "drill", lambda *_: drilled(**found))
    return CliRunner().invoke(cli, ["drill", *options])


@pytest.mark.parametrize("kind", ["missing", "wrong", "trouble"])
def test_money_that_does_not_add_up_is_exit_code_1_and_named(monkeypatch, kind):
    shown = outcome(monkeypatch, **{kind: [WRONG]})
    assert shown.exit_code == 1
    assert WRONG in " ".join(shown.output.split())
    ended = outcome(monkeypatch, "--json", **{kind: [WRONG]})
    assert ended.exit_code == 1
    assert json.loads(ended.stdout)["findings"] == [WRONG]


def test_money_that_adds_up_is_shown(monkeypatch):
    shown = outcome(monkeypatch)
    assert shown.exit_code == 0
    assert "Sent in RUB: 315.00 = tickets 315.00 + refunds due 0.00" in shown.output
    gateway = json.loads(outcome(monkeypatch, "--json").stdout)["gateway"]
    assert (gateway["wrong"], gateway["missing"], gateway["sender_killed"]) == (0, 0, 2)
    assert gateway["money"][0]["sent"] == "315.00"


@pytest.mark.parametrize("option", ["--seconds", "--gateway"])
@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-1", "half"])
def test_what_is_no_number_of_the_range_is_refused(monkeypatch, option, value):
    ended = outcome(monkeypatch, option, value)
    assert ended.exit_code == 2
    assert f"Invalid value for '{option}'" in ended.output


@pytest.mark.parametrize("option", ["--orders", "--events", "--tickets"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "1.5", "40000001", "many"])
def test_what_is_no_count_of_the_range_is_refused(monkeypatch, option, value):
    ended = outcome(monkeypatch, option, value)
    assert ended.exit_code == 2
    assert f"Invalid value for '{option}'" in ended.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--orders", "10", "--seconds", "15"], "after --orders or after --seconds"),
        (["--tickets", "3", "--events", "4"], "--events 4 are too many for 3 tickets"),
        (["--tickets", "2000001", "--events", "2"], "Give at least --events 3"),
        (["--orders", "1000000", "--events", "3"], "Give at least --events 4"),
    ],
)
def test_options_that_contradict_each_other_are_refused(monkeypatch, options, words):
    ended = outcome(monkeypatch, *options)
    assert ended.exit_code == 2
    assert words in " ".join(ended.output.split())


def planned(monkeypatch, *options):
    """The plan that a drill gets."""
    plans = []
    monkeypatch.setattr(rush, "drill", lambda _, plan, __: plans.append(plan) or drilled())
    assert CliRunner().invoke(cli, ["drill", *options]).exit_code == 0
    return plans[0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], (50_000, 1, 15.0, None)),
        (["--tickets", "2000001"], (2_000_001, 3, 15.0, None)),
        (["--orders", "5"], (20, 1, math.inf, 5)),
        (["--orders", "1000000"], (4_000_000, 4, math.inf, 1_000_000)),
        (["--orders", "9", "--tickets", "50", "--events", "7"], (50, 7, math.inf, 9)),
    ],
)
def test_a_drill_has_the_tickets_and_events_that_it_needs(monkeypatch, options, expected):
    plan = planned(monkeypatch, *options)
    assert (plan.tickets, plan.events, plan.seconds, plan.orders) == expected


def test_an_event_has_as_many_tickets_as_a_catalogue_takes():
    assert MOST_TICKETS_OF_EVENT == seat_blocks.MOST_TICKETS


def test_the_pace_is_shown_from_begin_to_end(monkeypatch):
    shown = outcome(monkeypatch, wanted=2)
    rows = [" ".join(line.replace("│", " ").split()) for line in shown.output.splitlines()]
    assert "orders 1 of 2 in 1.0 s" in rows
    assert "first tenth 8 orders a second, 1 µs" in rows
    assert "middle tenth 4 orders a second, 5 µs" in rows
    assert "last tenth 1 orders a second, 8 µs" in rows
    pace = json.loads(outcome(monkeypatch, "--json").stdout)["pace"]
    assert [each["processor_us_per_order"] for each in pace] == list(TENTHS)
