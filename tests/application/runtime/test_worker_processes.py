"""How worker processes are started: by a fork where that is safe, else as new interpreters."""

import subprocess
import sys

SCRIPT = """
import sys
import threading
from application.runtime.worker_processes import worker_processes

seen = []

def what_is_there():
    return seen

if __name__ == "__main__":
    seen.append("of the parent")
    if "thread" in sys.argv:
        ended = threading.Event()
        threading.Thread(target=ended.wait).start()
    with worker_processes(2, "", ahead="ahead" in sys.argv) as pool:
        print(pool.submit(what_is_there).result())
    if "thread" in sys.argv:
        ended.set()
"""


def worker_sees(tmp_path, *arguments):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    ended = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True, check=True
    )
    return ended.stdout.strip()


def test_processes_that_are_started_ahead_are_forked(tmp_path):
    assert worker_sees(tmp_path, "ahead") == "['of the parent']"


def test_a_process_with_several_threads_is_not_forked(tmp_path):
    assert worker_sees(tmp_path, "ahead", "thread") == "[]"


def test_processes_that_are_started_later_are_not_forked(tmp_path):
    assert worker_sees(tmp_path) == "[]"
