"""Sends signed notices over HTTP, as a gateway does: again and again until they are taken."""

import base64
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import msgspec

from application.payments.sandbox import SandboxNotice
from application.runtime.amounts import written_amount
from application.runtime.clock import written

SECONDS = 10
LOOK_SECONDS = 0.5
"""How often a notice that waits looks at the clock, which may be moved."""
PAUSES = (1, 2, 4, 8, 16, 32)
"""The seconds before a notice is sent again that was not taken."""
MOST_AT_WORK = 64
LONGEST_ANSWER = 65_536


Clock = Callable[[], datetime]


class TooMuchToSend(Exception):
    """So many presses wait to be sent that no more are taken."""


class Sent(msgspec.Struct, kw_only=True):
    """A notice, and what came back: no `status` yet, or a text where nobody answered."""

    notice: SandboxNotice
    status: int | None = None
    answer: str = ""
    tries: int = 0


class Sending(msgspec.Struct, kw_only=True):
    """The notices of a press on their way. `done` is set when each was taken or given up."""

    sent: list[Sent]
    done: threading.Event


class Sender:
    """Sends notices of buyers to the address of a service."""

    def __init__(self, address: str, path: str, key: bytes, clock: Clock) -> None:
        parts = urlsplit(address)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port or 0
        self._path = path
        self._key = key
        self._clock = clock
        self._free = threading.BoundedSemaphore(MOST_AT_WORK)

    def send(
        self, customer: str, notices: list[SandboxNotice], present: Clock | None = None
    ) -> Sending:
        """Send notices about a buyer in a thread of their own, one after the other.

        `present` says when it is time for them; without it the service's clock does.
        Raises `TooMuchToSend`.
        """
        if not self._free.acquire(blocking=False):
            raise TooMuchToSend
        sending = Sending(sent=[Sent(notice=each) for each in notices], done=threading.Event())
        arguments = (customer, sending, present or self._clock)
        threading.Thread(target=self._work, args=arguments, name="sandbox", daemon=True).start()
        return sending

    def _work(self, customer: str, sending: Sending, present: Clock) -> None:
        try:
            for each in sending.sent:
                _wait_for(each.notice, present)
                self._send_until_taken(customer, each)
        finally:
            sending.done.set()
            self._free.release()

    def _send_until_taken(self, customer: str, sent: Sent) -> None:
        body = body_of(customer, sent.notice, self._clock())
        for pause in (*PAUSES, 0):
            sent.tries += 1
            try:
                sent.status, sent.answer = self._post(sent.notice.id, body)
            except (OSError, HTTPException) as error:
                sent.status, sent.answer = None, type(error).__name__
            if sent.status is not None and sent.status < 500:  # noqa: PLR2004 - a server's fault
                return
            time.sleep(pause)

    def _post(self, notice: str, body: bytes) -> tuple[int, str]:
        headers = headers_of(notice, body, self._clock(), self._key)
        connection = self._connection()
        try:
            connection.request("POST", self._path, body, headers)
            answer = connection.getresponse()
            return answer.status, said_by(answer.read(LONGEST_ANSWER))
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        """A connection to the service itself, whose certificate may name another host."""
        if not self._secure:
            return HTTPConnection(self._host, self._port, timeout=SECONDS)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return HTTPSConnection(self._host, self._port, timeout=SECONDS, context=context)


def _wait_for(notice: SandboxNotice, present: Clock) -> None:
    """Wait until it is time for a notice."""
    while notice.not_before is not None:
        left = (notice.not_before - present()).total_seconds()
        if left <= 0:
            return
        time.sleep(min(left, LOOK_SECONDS))


def body_of(customer: str, notice: SandboxNotice, at: datetime) -> bytes:
    """The bytes of a notice."""
    data = {
        "customer": customer,
        "payment": notice.payment,
        "amount": written_amount(notice.amount),
        "currency": notice.currency,
    }
    if notice.refund is not None:
        data["refund"] = notice.refund
    return json.dumps({"type": notice.type, "created_at": written(at), "data": data}).encode()


def headers_of(notice: str, body: bytes, at: datetime, key: bytes) -> dict[str, str]:
    """The headers of a notice, with its signature by Standard Webhooks 1.0.0."""
    seconds = str(int(at.timestamp()))
    signed = b"%s.%s.%s" % (notice.encode(), seconds.encode(), body)
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": notice,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{signature}",
    }


def said_by(answer: bytes) -> str:
    """What an answer says, in a word or a sentence."""
    try:
        document = json.loads(answer)
        return str(document.get("detail") or document["status"])
    except (ValueError, LookupError, AttributeError):
        return ""
