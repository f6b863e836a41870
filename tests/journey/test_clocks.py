"""Real servers whose clocks are wrong: what others hold stays held, and it is noticed."""

from datetime import datetime

import pytest
from clock import CAN_BE_FALSE, WHY, FalseClock, started_ahead
from polling import SECONDS, until
from seller import expirations, overdue_orders
from server import EVENT, ORDERS, orderlog, serving

from application.bootstrap import open_store

pytestmark = [pytest.mark.experiment, pytest.mark.skipif(not CAN_BE_FALSE, reason=WHY)]

SEAT = "56a6253df06c5a059a9380a0"
ELEVEN_MINUTES = 660
AN_HOUR = 3600


def order_of_the_seat(service):
    answer = service.call("POST", ORDERS, {"event": EVENT, "tickets": [SEAT]})
    assert answer.status == 201
    return answer.body


def sweep_once(service):
    """Have an order that is overdue, and wait until the service has recorded its end."""
    (overdue,) = overdue_orders(service.database, 1)
    store = open_store(service.database)
    try:
        until(lambda: expirations(store, overdue) == 1, "nobody sweeps")
    finally:
        store.close()


def skew(service):
    answer = service.send("GET", "/metrics", {}).content.decode()
    [line] = [each for each in answer.splitlines() if each.startswith("orderlog_clock_skew")]
    return float(line.split()[1])


def readiness(service):
    answer = service.send("GET", "/health/ready", {})
    return answer.status, answer.body["checks"].get("clock")


def test_a_server_eleven_minutes_ahead_leaves_the_orders_of_another_alone(database, tmp_path):
    ahead = FalseClock(tmp_path, ELEVEN_MINUTES).environment
    with (
        serving(database, tmp_path / "right.log") as right,
        serving(database, tmp_path / "ahead.log", **ahead) as wrong,
    ):
        held = order_of_the_seat(right)
        assert held["tickets"] == [SEAT]
        assert readiness(right) == (200, "ok")
        assert abs(skew(right)) < 1
        swept = orderlog("expire", "--once", "--database", database, **ahead)
        assert swept.stdout.strip() == "0 orders expired."
        shown = orderlog("order", "show", held["id"], "--database", database, **ahead)
        assert "executed" in shown.stdout
        right.stop()  # from here on only the other one can have recorded anything
        sweep_once(wrong)
        assert wrong.call("GET", f"{ORDERS}/{held['id']}").body == held
        sold_again = order_of_the_seat(wrong)
        assert sold_again["tickets"] == []
        made = datetime.fromisoformat(sold_again["created_at"])
        assert (made - datetime.fromisoformat(held["created_at"])).total_seconds() < SECONDS
        assert skew(wrong) == pytest.approx(ELEVEN_MINUTES, abs=1)
        status, why = readiness(wrong)
        assert status == 503
        assert "ahead of the one that decides" in why
        assert {each["ready"] for each in wrong.log("clock_skewed")} == {False}


def test_after_a_restart_of_the_database_with_another_clock_no_hold_ends(
    server, database, tmp_path
):
    if not server.own:
        pytest.skip("the PostgreSQL server is not ours to restart")
    with serving(database, tmp_path / "log") as service:
        held = order_of_the_seat(service)
        try:
            with started_ahead(AN_HOUR):
                server.restart()
            until(lambda: service.log("clock_jumped"), "nobody noticed")
            until(lambda: "no hold is ended" in str(readiness(service)), "it is ready")
            assert order_of_the_seat(service)["tickets"] == []
        finally:
            server.restart()
        until(lambda: readiness(service) == (200, "ok"), "it does not believe the clocks again")
        assert service.call("GET", f"{ORDERS}/{held['id']}").body == held
        sweep_once(service)
        jumps = {(each["clock"], round(each["seconds"])) for each in service.log("clock_jumped")}
        assert jumps == {("store", AN_HOUR), ("store", -AN_HOUR)}


def test_a_clock_that_jumps_beside_a_file_ends_no_hold_and_is_named(tmp_path):
    clock = FalseClock(tmp_path)
    database = f"sqlite:///{tmp_path / 'orders.db'}"
    with serving(database, tmp_path / "log", **clock.environment) as service:
        held = order_of_the_seat(service)
        clock.set(AN_HOUR)
        sweep_once(service)
        swept = orderlog("expire", "--once", "--database", database, **clock.environment)
        assert swept.stdout.strip() == "0 orders expired."
        assert service.call("GET", f"{ORDERS}/{held['id']}").body == held
        assert held["tickets"] == [SEAT]
        assert order_of_the_seat(service)["tickets"] == []
        until(lambda: readiness(service)[0] == 503, "nobody noticed")
        assert skew(service) == pytest.approx(AN_HOUR, abs=1)
        jumps = service.log("clock_jumped")
        assert {(each["clock"], round(each["seconds"])) for each in jumps} == {("machine", AN_HOUR)}
        clock.set(0)
        until(lambda: readiness(service)[0] == 200, "it did not take the clock for good again")
