"""Those who sell go first: what sends has less priority, what holds their lock has not."""

import os
import sys
import threading

import pytest
from polling import until
from receiver import receiver_thread
from seller import BoxOffice, on_one_store
from webhook_office import add_webhook, delivering

LOWER, LOWEST = 3, 19


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux")
@on_one_store
def test_what_sends_has_less_priority_and_what_stores_has_not(address):
    usual = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    lower = min(usual + LOWER, LOWEST)

    def priorities():
        return {
            each.name.partition("_")[0]: os.getpriority(os.PRIO_PROCESS, each.native_id)
            for each in threading.enumerate()
            if each.name.startswith("webhooks")
        }

    with BoxOffice(address) as office, receiver_thread() as receiver:
        add_webhook(office.store, receiver.address())
        with delivering(address, lower=LOWER):
            office.order(0)
            until(lambda: receiver.received, "it was not sent")
            assert priorities() == {"webhooks": lower, "webhooks-store": usual}
