"""The OpenAPI document, played against a running service by a tool that is not ours.

It makes up good and bad requests out of the document and holds each answer against it. What counts
as a fault: `conformance.py`; how much is played: `conformance.toml`.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from server import KEY, SECONDS, serving

HERE = Path(__file__).parent
SCHEMATHESIS = (
    *(sys.executable, "-m", "schemathesis.cli"),
    *("--config-file", str(HERE / "conformance.toml")),
    *("run", "--warnings", "off", "-H", f"Authorization: key {KEY}"),
)


@pytest.fixture
def service(tmp_path, monkeypatch):
    monkeypatch.setenv("ORDERLOG_WAIT_SECONDS", "0.1")
    monkeypatch.setenv("ORDERLOG_LOG_LEVEL", "WARNING")
    with serving(f"sqlite:///{tmp_path / 'orders.db'}", tmp_path / "log") as running:
        yield running


@pytest.mark.experiment
def test_no_request_that_the_document_can_tell_of_is_answered_otherwise_than_it_says(
    service, tmp_path
):
    folders = (HERE.parent / "support", os.environ.get("PYTHONPATH", ""))
    played = subprocess.run(
        (*SCHEMATHESIS, f"http://{service.host}:{service.port}/openapi.json"),
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, folders)),
            "SCHEMATHESIS_HOOKS": "conformance",
            "NO_COLOR": "1",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30 * SECONDS,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    played_through = int(re.search(r"Tested: (\d+)", played.stdout)[1])
    assert played_through == len(calls_of(service)) - len({"/openapi.json", "/v1/feed/stream"})
    assert "error" not in service.complaints()


def calls_of(service):
    """Every method of every path that the document has."""
    paths = service.call("GET", "/openapi.json").body["paths"]
    return [(path, each) for path in paths for each in paths[path] if each != "parameters"]
