"""What a drill ends with when its money does not add up: exit code 1, and the order is named."""

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner

from application.integrity.payment_proof import PaymentProof
from application.integrity.report import Report
from application.integrity.sale_proof import Proof
from domain.money import Balance
from interface.cli.main import cli
from interface.load import rush
from interface.load.gateway_desk import ThroughGateway

WRONG = "order 6b0c13f14e907ab2ef148d00: received is 314.99 RUB, and the gateway knows of 315.00"


def drilled(missing=(), wrong=(), trouble=()):
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
