"""The files in docs/deploy/: checked by their own tools, and what they run is run."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from server import ORDERS, serving
from source import ROOT

from application.settings import Settings

FILES = ROOT / "docs" / "deploy"
UNIT = (FILES / "orderlog@.service").read_text(encoding="utf-8")
CONTAINER = (FILES / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE = yaml.safe_load((FILES / "compose.yaml").read_text(encoding="utf-8"))
EXPOSED_AT_MOST = "30"
"""Tenths: `systemd-analyze security` calls up to 4.9 OK."""


def systemd_analyze(*arguments):
    command = shutil.which("systemd-analyze")
    if command is None:
        pytest.skip("systemd is not installed (Debian: apt-get install systemd)")
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def unit(tmp_path):
    """The unit, with a program that is there."""
    file = tmp_path / "orderlog@.service"
    assert "ExecStart=/opt/orderlog/%i/bin/orderlog serve " in UNIT
    file.write_text(UNIT.replace("/opt/orderlog/%i/bin/orderlog", "/bin/true"))
    return file


def test_systemd_understands_the_unit(unit):
    said = systemd_analyze("verify", "--man=no", str(unit))
    assert (said.returncode, said.stderr) == (0, "")
    unit.write_text(UNIT.replace("UMask=", "Umask="))
    assert systemd_analyze("verify", "--man=no", str(unit)).stderr


def test_the_unit_leaves_the_service_little_to_harm(unit):
    offline = ("security", "--offline=yes", f"--threshold={EXPOSED_AT_MOST}")
    assert systemd_analyze(*offline, str(unit)).returncode == 0
    unit.write_text(
        re.sub(r"^(Protect|Restrict|SystemCall|Private).*\n", "", UNIT, flags=re.MULTILINE)
    )
    assert systemd_analyze(*offline, str(unit)).returncode != 0


def test_what_unit_and_container_run_serves_and_is_found_healthy(tmp_path):
    started = re.search(r"^ExecStart=\S+ serve (.+)$", UNIT, re.MULTILINE)[1]
    entry, command = (json.loads(instruction(name)) for name in ("ENTRYPOINT", "CMD"))
    assert [*entry, command[0]] == ["orderlog", "serve"]
    port = command.index("--port")
    options = [*shlex.split(started), *command[1:port], *command[port + 2 :]]
    check = json.loads(instruction("HEALTHCHECK").partition("CMD ")[2])
    with serving(f"sqlite:///{tmp_path}/orders.db", tmp_path / "log", *options) as service:
        asked = [each.replace(":8080/", f":{service.port}/") for each in check]
        assert asked != check
        assert run_python(asked).returncode == 0
        service.host = "127.0.0.1"
        assert service.call("GET", ORDERS).status == 200
    assert run_python(asked).returncode != 0


def instruction(name):
    return re.findall(rf"^{name} (.+)$", CONTAINER, re.MULTILINE)[-1]


def run_python(command):
    assert command[0] == "python"
    return subprocess.run([sys.executable, *command[1:]], capture_output=True, check=False)


def test_the_container_is_not_roots_and_copies_what_is_there():
    assert instruction("USER") == "orderlog"
    assert "useradd --uid 10001" in CONTAINER
    assert instruction("STOPSIGNAL") == "SIGTERM"
    assert Path(ROOT, ".ci", "service.lock").is_file()
    assert ".ci/service.lock" in CONTAINER
    named = re.findall(r"\bORDERLOG_(\w+)", CONTAINER + UNIT + json.dumps(COMPOSE))
    assert {each.lower() for each in named} <= set(Settings.__struct_fields__)


def test_what_has_to_outlive_a_container_is_in_volumes():
    service, database = COMPOSE["services"]["orderlog"], COMPOSE["services"]["db"]
    assert f"state:{instruction('VOLUME')}" in service["volumes"]
    for name in ("AUDIT_KEY", "KEY_SECRET"):
        assert re.search(rf"ORDERLOG_{name}=/data/", CONTAINER)
    mounted = [each.partition(":")[0] for it in (service, database) for each in it["volumes"]]
    assert set(mounted) == set(COMPOSE["volumes"])
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["ports"] == ["127.0.0.1:8080:8080"]
    assert service["depends_on"]["db"]["condition"] == "service_healthy"
    assert "healthcheck" in database
    built = service["build"]
    assert (FILES / built["context"]).resolve() == ROOT
    assert (ROOT / built["dockerfile"]).is_file()
