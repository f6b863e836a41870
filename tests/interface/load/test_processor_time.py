"""Processor time is that of a process with all that it has made, living or ended."""

import subprocess
import sys

from interface.load import processor_time
from interface.load.caretaker import throw_away_folder
from interface.load.client import Client
from interface.load.processor_time import processor_seconds
from interface.load.servers import Server, free_port

BUSY = "import time\nwhile time.process_time() < 0.3: pass\n"
BUSY_AND_ALIVE = f"{BUSY}print(flush=True)\ninput()\n"
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BUSY!r}])
command = [sys.executable, "-c", {BUSY_AND_ALIVE!r}]
living = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
living.stdout.readline()
print(flush=True)
input()
"""

UNCOUNTED = 0.06
"""Linux cuts off what is less than 10 ms of user and of system time, of each of three processes."""


def test_children_that_live_and_that_have_ended_are_counted():
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        used = processor_seconds(process.pid)
        process.stdin.close()
    assert used >= 0.6 - UNCOUNTED


def test_it_is_not_known_of_a_process_that_is_gone(monkeypatch, tmp_path):
    monkeypatch.setattr(processor_time, "PROC", tmp_path)
    assert processor_seconds(1) is None


def test_a_server_that_is_killed_and_started_again_keeps_what_it_has_used():
    port = free_port()
    command = ["-m", "interface.load.noop", str(port), "1"]
    with throw_away_folder("times-") as caretaker:
        server = Server(command, port, {}, caretaker)
        server.start("/noop")
        while (used := server.processor_seconds()) < 0.02:
            server_answers(port)
        server.kill()
        assert server.processor_seconds() is None
        server.start("/noop")
        again = server.processor_seconds()
        server.kill()
    assert used <= again < used + 0.5


def server_answers(port):
    client = Client("127.0.0.1", port, {})
    for _ in range(50):
        client.send("POST", "/noop", b"{}")
    client.close()
