"""A gateway's sender as a process of its own, which may be killed at any moment.

`python notice_sender.py PLAN BOOK PORT` sends each notice of the plan until the service takes it,
and then writes a line into the book; started again, it goes on with what has no line.
It imports nothing of the service.
"""

import base64
import hmac
import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

THREADS = 8
PAUSE = 0.05
ANSWER_SECONDS = 60
AGAIN = 429
END = " ."


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A notice that is to be delivered once more; `place` names the delivery."""

    place: int
    path: str
    id: str
    body: str
    key: str
    stripe: bool = False
    not_before: float = 0.0


@dataclass(frozen=True)
class Line:
    """What the book says of a delivery."""

    place: int
    status: int
    said: str


def write_plan(path: Path, deliveries: list[Delivery]) -> None:
    path.write_text("".join(json.dumps(asdict(each)) + "\n" for each in deliveries), "utf-8")


def read_book(path: Path) -> list[Line]:
    """The whole lines: a kill may cut one, where its page in the file ends."""
    text = path.read_text("utf-8") if path.exists() else ""
    fields = [line.split(" ") for line in text.splitlines() if line.endswith(END)]
    return [Line(int(place), int(status), said) for place, status, said, _ in fields]


def signed(delivery: Delivery) -> dict[str, str]:
    """The headers of a delivery, signed now, by the scheme of its payment system."""
    seconds, body, key = str(int(time.time())), delivery.body.encode(), delivery.key.encode()
    headers = {"Content-Type": "application/json"}
    if delivery.stripe:
        own = hmac.digest(key, b"%s.%s" % (seconds.encode(), body), "sha256").hex()
        return {**headers, "Stripe-Signature": f"t={seconds},v1={own}"}
    text = b"%s.%s.%s" % (delivery.id.encode(), seconds.encode(), body)
    own = base64.b64encode(hmac.digest(key, text, "sha256")).decode()
    name = {"webhook-id": delivery.id, "webhook-timestamp": seconds}
    return {**headers, **name, "webhook-signature": f"v1,{own}"}


class Sender:
    """Sends what the book lacks, by several connections."""

    def __init__(self, plan: Path, book: Path, port: int) -> None:
        done = {line.place for line in read_book(book)}
        all_of_them = map(json.loads, plan.read_text("utf-8").splitlines())
        self._left = (Delivery(**each) for each in all_of_them if each["place"] not in done)
        self._mutex = threading.Lock()
        self._port = port
        self._book = os.open(book, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(self._book, b"\n")  # the last line may be cut

    def run(self) -> None:
        threads = [threading.Thread(target=self._work) for _ in range(THREADS)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    def _work(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS)
        while True:
            with self._mutex:
                delivery = next(self._left, None)
            if delivery is None:
                return
            time.sleep(max(0.0, delivery.not_before - time.time()))
            status, said = self._until_taken(connection, delivery)
            os.write(self._book, f"{delivery.place} {status} {said}{END}\n".encode())

    def _until_taken(self, connection: HTTPConnection, delivery: Delivery) -> tuple[int, str]:
        while True:
            try:
                body = delivery.body.encode()
                connection.request("POST", delivery.path, body, signed(delivery))
                answer = connection.getresponse()
                document = json.loads(answer.read())
            except (OSError, HTTPException, ValueError):
                connection.close()
            else:
                if answer.status < 500 and answer.status != AGAIN:
                    return answer.status, document.get("status", "") if answer.status == 200 else ""
            time.sleep(PAUSE)


if __name__ == "__main__":
    Sender(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])).run()
