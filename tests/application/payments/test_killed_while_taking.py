"""A process that dies while it takes a notice, and the gateway that sends it again."""

import os
import signal

import pytest
from clock import Clock
from gateway import CARD_ID, NAME, SECRET, notice, notices_about, sent, signed, token_of
from other_processes import context

from application.bootstrap import build
from application.ports.gateway_notices import NoticeState
from application.runtime import failpoints
from application.settings import Settings
from domain.status import Status


def take_and_die(address, moment, body, headers, armed):
    os.environ[NAME] = SECRET
    services = build(Settings(database=address), Clock(moment))
    assert failpoints.arm(armed)
    services.gateways.take(CARD_ID, headers, body, "notice")


@pytest.mark.parametrize("point", ["append.before_commit", "append.after_commit"])
def test_the_notice_counts_once_all_the_same(paying, address, clock, tmp_path, point):
    order = paying.order(paying.venue.a[0])
    body = sent(notice(token=token_of(order)))
    headers = signed(body, clock(), "evt_1")
    switch = tmp_path / "switch"
    switch.write_text(f"{point}=kill")
    armed = {failpoints.VARIABLE: f"{point}=kill", failpoints.SWITCH: str(switch)}
    process = context.Process(target=take_and_die, args=(address, clock(), body, headers, armed))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    again = paying.tell(order, notice_id="evt_1")
    assert again == ("kept" if point == "append.before_commit" else "repeated")
    assert paying.now(order).status is Status.DONE
    assert paying.names(order).count("PaymentReceived") == 1
    kept = notices_about(paying.services.store, order)
    assert [each.state for each in kept] == [NoticeState.ACTED]
