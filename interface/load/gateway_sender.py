"""The sender of the drill's gateway: a process that sends what the outbox has, until it is killed.

A notice is sent until it is answered with 200, or is refused for good.
"""

import base64
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from application.runtime.clock import at_ns, elapsed_ns, wall_offset_ns
from interface.load.client import Client, Gone
from interface.load.outbox import Delivery, Outbox, Tried
from interface.sandbox.sender import headers_of

KEY_VARIABLE = "ORDERLOG_DRILL_SECRET"
NOTIFICATIONS = "/v1/gateways/{}/notifications"
SCHEME, PREFIX = "standard-webhooks", "whsec_"
AT_ONCE = 16
BATCH = 64
IDLE_SECONDS = 0.02
TOO_MANY, A_FAULT = 429, 500


class Post:
    """Sends notices to a service, each thread by a connection of its own."""

    def __init__(self, port: int, key: bytes) -> None:
        self._port = port
        self._key = key
        self._own = threading.local()

    def send(self, delivery: Delivery) -> Tried:
        """Send a notice."""
        notice = delivery.notice
        if not hasattr(self._own, "client"):
            self._own.client = Client("127.0.0.1", self._port, {})
        headers = headers_of(notice.id, notice.body, present(), self._key)
        del headers["Content-Type"]  # the client has its own
        extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        path = NOTIFICATIONS.format(notice.system)
        try:
            status: int = self._own.client.send("POST", path, notice.body, extra).status
        except Gone:
            return Tried(delivery.id, None)
        again = status == TOO_MANY or status >= A_FAULT
        return Tried(delivery.id, None if again else status)


def send_for_ever(outbox: Outbox, post: Post) -> None:
    """Send what is due, some at once, and note the answers of each batch together."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        while True:
            batch = outbox.due(BATCH)
            if batch:
                outbox.note(threads.map(post.send, batch))
            else:
                time.sleep(IDLE_SECONDS)


def present() -> datetime:
    """The moment that a notice names: a gateway has a clock of its own."""
    return at_ns(wall_offset_ns() + elapsed_ns())


def key_of(secret: str) -> bytes:
    """The bytes of a secret."""
    return base64.b64decode(secret.removeprefix(PREFIX))


if __name__ == "__main__":
    send_for_ever(
        Outbox(Path(sys.argv[1])), Post(int(sys.argv[2]), key_of(os.environ[KEY_VARIABLE]))
    )
