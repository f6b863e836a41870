"""A demo or a drill that is killed leaves nothing; a service under nohup outlives its terminal."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from polling import until
from server import ORDERLOG, serving

LONG_ENOUGH_TO_STOP = 3
WORDS = {"demo": ["demo"], "drill": ["drill", "--seconds", "60", "--tickets", "500"]}


def processes_with(text):
    """The numbers of all processes that have this text in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = entry.read_bytes()
        except OSError:
            continue
        if text.encode() in environment:
            found.append(int(entry.parent.name))
    return found


@pytest.fixture
def serves(tmp_path):
    """Whether a service of a command under way has the throw-away database open."""

    def is_there():
        return any(tmp_path.glob("orderlog-*/*.db-wal")) and len(processes_with(str(tmp_path))) > 2

    return is_there


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize(
    "by", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.experiment)]
)
def test_what_is_killed_leaves_no_process_and_no_folder(tmp_path, serves, name, by):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [*ORDERLOG, *WORDS[name]],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        until(serves, "nothing is served")
        process.send_signal(by)
        process.wait()
    until(lambda: not processes_with(str(tmp_path)), "processes are left")
    assert list(tmp_path.iterdir()) == []


def test_where_a_hangup_is_ignored_the_service_goes_on(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with serving(f"sqlite:///{tmp_path / 'orders.db'}", tmp_path / "log") as service:
            os.killpg(service.process.pid, signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                service.process.wait(LONG_ENOUGH_TO_STOP)
            assert service.order()
            assert service.stop() == 0
    finally:
        signal.signal(signal.SIGHUP, before)
