"""A line of the log that cannot be written is dropped and counted. Nothing else comes of it."""

import os
import re
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from polling import until
from server import EMPTY_ORDER, ORDERS, serving

from application.runtime.dropped_lines import DROPPED
from interface.server.standard_error import PIECE, StandardErrorFile, in_pieces

MORE_THAN_A_PIPE_TAKES = 400
"""Lines of requests. A partner may send 500 in a second, and a pipe takes 64 KiB."""
ENOUGH = 30


@contextmanager
def full(_):
    yield Path("/dev/full")


@contextmanager
def stuck(folder):
    """A pipe that has a reader who never reads."""
    path = folder / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield path
    finally:
        os.close(reader)


@pytest.mark.parametrize(
    ("log", "requests"), [(full, ENOUGH), (stuck, MORE_THAN_A_PIPE_TAKES)], ids=["full", "stuck"]
)
def test_everything_goes_on_without_a_log(log, requests, tmp_path):
    with (
        log(tmp_path) as path,
        serving(f"sqlite:///{tmp_path}/orders.db", path) as service,
    ):
        for _ in range(requests):
            assert service.call("GET", ORDERS).status == 200
        order = service.order()
        pay = {"payment": {"system": "api/BASE"}}
        changed = service.call("PATCH", f"{ORDERS}/{order}", pay)
        assert changed.status == 200
        for _ in range(ENOUGH):
            assert service.call("POST", ORDERS, EMPTY_ORDER).status == 201
        position = service.call("POST", ORDERS, EMPTY_ORDER).headers["x-log-position"]
        shown = service.call("GET", ORDERS, X_Wait_For_Position=position)
        assert (shown.status, len(shown.body)) == (200, ENOUGH + 2)
        assert until(lambda: dropped(service), "no line was dropped")
        assert service.send("GET", "/health/ready", {}).status == 200


def dropped(service):
    metrics = service.send("GET", "/metrics", {}).content.decode()
    return float(re.search(r"^orderlog_log_lines_dropped_total (\S+)", metrics, re.MULTILINE)[1])


@contextmanager
def standard_error_is(number):
    """Something else in the place of standard error."""
    before = os.dup(2)
    os.dup2(number, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def test_a_pipe_gets_lines_again_when_somebody_reads_it():
    reading, writing = os.pipe()
    file, before = StandardErrorFile(), DROPPED.total()
    line = b"x" * 1000
    with standard_error_is(writing):
        for _ in range(100):
            file.write([line])
        assert DROPPED.total() > before
        os.read(reading, 2**20)
        file.write([b"a new one"])
    os.close(writing)
    assert os.read(reading, 2**20).endswith(b"a new one\n")
    os.close(reading)


def test_a_line_that_is_cut_off_does_not_run_into_the_next():
    reading, writing = os.pipe()
    file = StandardErrorFile()
    with standard_error_is(writing):
        file.write([b"x" * 200_000])
        begun = os.read(reading, 2**20)
        file.write([b"whole"])
    os.close(writing)
    said = begun + os.read(reading, 2**20)
    os.close(reading)
    assert said.endswith(b"x\nwhole\n")


def test_standard_error_that_is_closed_takes_nothing():
    before, kept = DROPPED.total(), os.dup(2)
    os.close(2)
    try:
        StandardErrorFile().write([b"nobody"])
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    assert DROPPED.total() == before + 1


def test_lines_are_written_together_up_to_what_a_pipe_takes_in_one_piece():
    lines = [b"x" * 1500] * 5
    pieces = list(in_pieces(lines))
    assert [count for _, count in pieces] == [2, 2, 1]
    assert all(len(piece) <= PIECE for piece, _ in pieces)
    assert b"".join(piece for piece, _ in pieces) == b"".join(line + b"\n" for line in lines)


def test_many_threads_write_whole_lines(tmp_path):
    file, path = StandardErrorFile(), tmp_path / "log"
    with path.open("ab") as log, standard_error_is(log.fileno()):
        threads = [
            threading.Thread(target=lambda: [file.write([b"y" * 50]) for _ in range(100)])
            for _ in range(4)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert path.read_bytes() == (b"y" * 50 + b"\n") * 400
