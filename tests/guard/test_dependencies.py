"""What is installed is what the lock files name, each file by its hash; and what is known of it."""

import importlib.util
import json
import os
import re
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from source import ROOT

from application.runtime.installation import command_for, how_to_add

CI = ROOT / ".ci"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = [each for extra in PROJECT["optional-dependencies"].values() for each in extra]
PINNED = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)[^\\\n]*((?: \\\n    --hash=\S+)*)$", re.MULTILINE
)
SHIPPED = re.compile(r"\(npm: `([^`]+)`.*\| (\d+\.\d+\.\d+) \|")
OF_THE_SERVICE = ("postgres", "archive", "dask", "nats", "otel")


def locked(name):
    """The versions that a lock file has of each package, and how many hashes."""
    text = (CI / name).read_text(encoding="utf-8")
    found = {}
    for package, version, hashes in PINNED.findall(text):
        found.setdefault(canonicalize_name(package), {})[version] = hashes.count("--hash=sha256:")
    assert sum(map(len, found.values())) == len(re.findall(r"^\S", text, re.MULTILINE))
    return found


@pytest.mark.parametrize("lock", ["service.lock", "checks.lock"])
def test_each_package_of_a_lock_file_has_hashes_and_no_address(lock):
    assert all(hashes for versions in locked(lock).values() for hashes in versions.values())
    assert "://" not in (CI / lock).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("service.lock", PROJECT["dependencies"]),
        ("checks.lock", PROJECT["dependencies"] + EXTRAS),
    ],
)
def test_the_lock_files_have_what_the_project_wants(lock, wanted):
    """If this fails, a dependency was changed without `.ci/lock`."""
    known = locked(lock)
    for each in map(Requirement, wanted):
        versions = known.get(canonicalize_name(each.name), ())
        assert versions, f"{each.name} is not in {lock}"
        assert all(each.specifier.contains(version) for version in versions), str(each)


def test_the_service_is_checked_with_the_versions_it_is_locked_to():
    checks = locked("checks.lock")
    assert {name: checks.get(name) for name in locked("service.lock")} == locked("service.lock")


def test_the_bill_of_materials_has_what_the_lock_file_has():
    bill = json.loads((CI / "materials.cdx.json").read_text(encoding="utf-8"))
    found = {
        (canonicalize_name(each["name"]), each["version"])
        for each in bill["components"]
        if not each["purl"].startswith("pkg:npm/")
    }
    locks = {lock: locked(lock) for lock in ("service.lock", "checks.lock")}
    pairs = {
        lock: {(name, version) for name in packages for version in packages[name]}
        for lock, packages in locks.items()
    }
    wanted = [PROJECT["optional-dependencies"][each] for each in OF_THE_SERVICE]
    names = {canonicalize_name(Requirement(each).name) for extra in wanted for each in extra}
    assert pairs["service.lock"] <= found <= pairs["checks.lock"]
    assert names <= {name for name, _ in found}
    assert bill["metadata"]["component"]["name"] == "orderlog"


def test_the_bill_of_materials_has_the_files_of_others_that_are_shipped():
    bill = json.loads((CI / "materials.cdx.json").read_text(encoding="utf-8"))
    found = {
        (each["name"], each["version"])
        for each in bill["components"]
        if each["purl"].startswith("pkg:npm/")
    }
    tables = sorted(ROOT.glob("interface/*/static/vendor/README.md"))
    lines = [each for table in tables for each in table.read_text("utf-8").splitlines()]
    shipped = {match.groups() for each in lines if (match := SHIPPED.search(each))}
    assert len(tables) > 1
    assert found == shipped


def test_the_gate_installs_from_the_lock_files_and_asks_about_them():
    gate = (CI / "run").read_text(encoding="utf-8")
    for step in (
        "--require-hashes -r .ci/service.lock",
        "--require-hashes -r .ci/checks.lock",
        "bandit --quiet --configfile pyproject.toml",
        ".ci/advisories.py .ci/checks.lock",
        ".ci/pythons 3.11 3.12 3.13 3.14",
    ):
        assert step in gate


@pytest.fixture
def advisories():
    spec = importlib.util.spec_from_file_location("advisories", CI / "advisories.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GOOD = {"name": "good", "version": "1", "vulns": []}
UNKNOWN = {"name": "unknown", "skip_reason": "Dependency not found on PyPI"}
BAD = {"name": "bad", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}


@pytest.mark.parametrize(
    ("found", "status", "lines"),
    [
        (None, 0, ["Advisories: NOT CHECKED: no advisory service can be reached from here."]),
        ([UNKNOWN], 0, ["Advisories: NOT CHECKED: this registry has none of 1 packages."]),
        ([GOOD], 0, ["Advisories: 1 packages checked, 0 faults known."]),
        (
            [GOOD, UNKNOWN],
            0,
            [
                "Advisories: NOT CHECKED for unknown",
                "Advisories: 1 packages checked, 0 faults known.",
            ],
        ),
        (
            [GOOD, BAD],
            1,
            ["bad 2: CVE-1 (fixed in 3)", "Advisories: 2 packages checked, 1 faults known."],
        ),
    ],
)
def test_what_was_not_asked_is_said_and_a_known_fault_stops_the_gate(
    advisories, found, status, lines
):
    assert advisories.verdict(found) == (status, lines)


def test_a_service_that_cannot_be_reached_is_no_good_news(advisories, tmp_path, monkeypatch):
    silent = tmp_path / "pip-audit"
    silent.write_text("#!/bin/sh\necho 'No known vulnerabilities found'\nexit 1\n")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert advisories.audited("any.lock") is None


CHECKOUT = {"dir_info": {"editable": True}, "url": ROOT.as_uri()}


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (None, "pip install 'orderlog[postgres]'"),
        (CHECKOUT, f"pip install '{ROOT}[postgres]'"),
        ({"dir_info": {}, "url": "file:///gone"}, "pip install '.[postgres]', in a checkout"),
        (
            {"archive_info": {}, "url": "https://example.org/orderlog-1.whl"},
            "pip install 'orderlog[postgres] @ https://example.org/orderlog-1.whl'",
        ),
        (
            {"vcs_info": {"vcs": "git"}, "url": "https://example.org/orderlog.git"},
            "pip install 'orderlog[postgres] @ git+https://example.org/orderlog.git'",
        ),
    ],
)
def test_an_extra_is_added_in_the_way_the_service_was_installed(
    origin, command, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert command_for("postgres", origin) == command


def test_in_the_checkout_the_command_is_that_of_the_pages(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert command_for("postgres", CHECKOUT) == "pip install '.[postgres]'"
    assert "[postgres]'" in how_to_add("postgres")


def test_no_page_names_a_package_that_is_in_no_registry():
    pages = [*ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
    told = [f"{each}" for each in pages if "orderlog[" in each.read_text(encoding="utf-8")]
    assert len(pages) > 20
    assert told == []


def test_the_gate_is_a_script_that_a_shell_understands():
    for script in ("run", "lock", "materials", "pythons"):
        subprocess.run(["bash", "-n", CI / script], check=True)
