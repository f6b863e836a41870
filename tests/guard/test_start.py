"""What starts does not wait for what it does not need: the modules that it may not import."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_THE_SERVICE = {"aiohttp", "eventsourcing", "flask", "granian", "marshmallow", "structlog"}
OF_BUYERS = {"email_validator", "phonenumbers"}
LISTED = "import json, sys; print(json.dumps(sorted(sys.modules)))"
WIRED = """
from application.runtime.plain_structlog import import_structlog
import_structlog()
import application.bootstrap
"""
READ = "it.read_configuration({'database': 'sqlite:///orders.db'})"
STARTS = {
    "the command line": (
        "import interface.cli.main",
        OF_THE_SERVICE | OF_BUYERS | {"asyncio", "rich", "subprocess", "urllib.request"},
    ),
    "orderlog --help": (
        "import interface.cli.main as it; [it.cli.get_command(None, each) for each in it.COMMANDS]",
        OF_THE_SERVICE | OF_BUYERS | {"click_man", "rich.progress"},
    ),
    "a command about orders": (
        f"import interface.cli.order, application.configuration as it\n{WIRED}{READ}",
        {"aiohttp", "flask", "granian", "marshmallow", "rich.traceback", "yaml"} | OF_BUYERS,
    ),
    "the service": (
        f"import interface.cli.serve\n{WIRED}import interface.server.processes",
        {"aiohttp", "click_man", "icalendar", "psycopg", "rich"} | OF_BUYERS,
    ),
}


@pytest.mark.parametrize("start", STARTS)
def test_a_start_imports_nothing_of_what_it_does_not_need(start):
    code, needless = STARTS[start]
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}\n{LISTED}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = json.loads(ended.stdout)
    assert len(imported) > 100
    assert needless.intersection(imported) == set()
