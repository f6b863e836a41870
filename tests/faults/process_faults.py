"""Processes that are killed, halted, stopped and replaced, under a crowd that buys."""

import os
import signal
import threading
import time

import failpoint_runs
from lab import Attacked, Lab
from polling import until
from server import ORDERS
from shop import refuse

from application.runtime import failpoints
from interface.load.client import Client, Gone

KILLS = 10
RESTARTS = 5
BUSY = 48
HALT_SECONDS = 2.0


def kill_service(lab: Lab) -> None:
    """SIGKILL to all processes at any moment, ten times in one sale."""
    lab.open()
    with lab.serving("--workers", str(lab.dice.choice([1, 2]))) as service:
        with lab.selling(service) as crowd:
            for _ in range(KILLS):
                lab.pause()
                service.kill()
                lab.faults += 1
                service.start()
                crowd.goes_on(5)
        service.stop()
    lab.check(crowd)


def kill_seller(lab: Lab) -> None:
    """One of two processes that answer dies, and dies again when it was replaced."""
    lab.open()
    with lab.serving("--workers", "2") as service:
        with lab.selling(service) as crowd:
            for _ in range(3):
                seller = lab.dice.choice(until(service.workers, "nobody sells"))
                os.kill(seller, signal.SIGKILL)
                lab.faults += 1
                dead = f"{seller} of {service.workers()}"
                enough = crowd.made + 5
                until(lambda e=enough: crowd.made > e or not service.alive, "nothing is sold")
                refuse(not service.alive and dead, "a seller that died has ended the service")
        service.stop()
    lab.check(crowd)


def kill_behind(lab: Lab) -> None:
    """The process that projects read models dies; another one takes over."""
    lab.open()
    with lab.serving() as service:
        with lab.selling(service) as crowd:
            os.kill(service.behind(), signal.SIGKILL)
            lab.faults += 1
            crowd.goes_on()
        lists_have_all(service)
        service.stop()
    lab.check(crowd)


def lists_have_all(service: Attacked) -> None:
    """A list that waits for the newest order has it."""
    made = service.buy()
    position = made.headers["x-log-position"]

    def listed():
        answer = service.call("GET", ORDERS, X_Wait_For_Position=position)
        return answer if answer.status == 200 else None

    answer = until(listed, "the lists stand still")
    listed_ids = {each["id"] for each in answer.body}
    refuse(made.body["id"] not in listed_ids, "a list lacks an order though it waited for it")


def halt_service(lab: Lab) -> None:
    """All processes are stopped in the middle of everything, and go on."""
    lab.open()
    with lab.serving("--workers", "2") as service:
        with lab.selling(service) as crowd:
            for _ in range(2):
                lab.pause()
                service.signal_all(signal.SIGSTOP)
                lab.faults += 1
                time.sleep(HALT_SECONDS)
                service.signal_all(signal.SIGCONT)
                crowd.goes_on(5)
        service.stop()
    lab.check(crowd)


def halt_second_service(lab: Lab) -> None:
    """A second service on the same database is halted; the first one goes on selling."""
    lab.open()
    with lab.serving() as first, lab.serving() as second:
        with lab.selling(first) as crowd, lab.selling(second, 2):
            lab.pause()
            second.signal_all(signal.SIGSTOP)
            lab.faults += 1
            before = crowd.made
            time.sleep(HALT_SECONDS)
            held_up = crowd.made == before
            live = first.took("/health/live")
            second.signal_all(signal.SIGCONT)
            crowd.goes_on(5)
        said = "lock" in first.complaints() or "unavailable" in first.complaints()
        first.stop()
        second.stop()
    refuse(live > 1 and f"{live:.1f} s", "/health/live waits for a halted neighbour")
    refuse(held_up and not said, "a halted neighbour holds up sales and nobody says so")
    lab.check(crowd)


def failpoint_kill(lab: Lab) -> None:
    """A process dies at a step of append, projector, swap, checkpoint or upgrade."""
    _failpoint(lab, failpoints.KILL)


def failpoint_error(lab: Lab) -> None:
    """An error comes at a step of append, projector, swap, checkpoint or upgrade."""
    _failpoint(lab, failpoints.ERROR)


def _failpoint(lab: Lab, how: str) -> None:
    other = "postgres" if lab.place.lite else "sqlite"
    points = [each for each in failpoints.POINTS if failpoint_runs.ON_ONE_STORE.get(each) != other]
    failpoint_runs.run(lab.place, lab.dice.choice(points), how)
    lab.faults += 1


def failpoint_in_service(lab: Lab) -> None:
    """A process of the service dies at a step of append or projector, under load."""
    lab.open()
    names = [
        each
        for each in failpoints.POINTS
        if each.startswith(("append.", "projector.")) and each != "append.stored"
    ]
    if lab.place.lite:
        names.remove("append.sent")
    wanted = f"{lab.dice.choice(names)}=kill@{lab.dice.randint(1, 30)}"
    switch = lab.place.folder / "switch"
    switch.write_text(wanted, encoding="utf-8")
    armed = {failpoints.VARIABLE: wanted, failpoints.SWITCH: str(switch)}
    with lab.serving(**armed) as service:
        with lab.selling(service) as crowd:
            until(lambda: not switch.exists(), f"{wanted} is not reached")
            lab.faults += 1
            service.kill()
            service.start(**{failpoints.VARIABLE: ""})
            crowd.goes_on(5)
        service.stop()
    lab.check(crowd)


class Busy(threading.Thread):
    """A keep-alive connection that asks without a pause, and notes when it is cut in a request.

    A server may close a connection between two requests, and has to say so with the last answer.
    """

    def __init__(self, port: int, key: str, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.client = Client("127.0.0.1", port, {"Authorization": f"key {key}"})
        self.over, self.answers, self.cut = over, 0, ""

    def run(self) -> None:
        while not self.over.is_set():
            try:
                answer = self.client.send("GET", "/health/live")
            except Gone as gone:
                if self.answers:
                    self.cut = str(gone)
                return
            self.answers += 1
            if answer.headers.get(b"connection", b"").lower() == b"close":
                return


def stop_service(lab: Lab) -> None:
    """SIGTERM with 48 busy connections: each is answered, or was told to come elsewhere."""
    lab.open()
    with lab.serving() as service:
        for number in range(RESTARTS):
            over = threading.Event()
            crowd = [Busy(service.port, lab.key, over) for _ in range(BUSY)]
            for each in crowd:
                each.start()
            until(lambda c=crowd: all(each.answers > 1 for each in c), "nobody is answered")
            refuse(service.stop(), "the service ends with an error")
            lab.faults += 1
            over.set()
            for each in crowd:
                each.join(30)
            cut = [each.cut for each in crowd if each.cut]
            refuse(cut and f"{len(cut)} of {BUSY} ({cut[0]})", "SIGTERM cuts connections")
            if number < RESTARTS - 1:
                service.start()
