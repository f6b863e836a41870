"""What stands where in the repository, and what may not stand there at all."""

import re
import subprocess
import tomllib
from pathlib import PurePosixPath

import pytest
from source import PACKAGES, ROOT

TOP = {"pyproject.toml", "README.md", "domain", "application", "interface", "tests", "docs"}
KINDS_OF_THING = {"utils", "util", "helpers", "models", "common", "base", "misc", "views"}
LEFT_FOR_LATER = re.compile(r"\b([T]ODO|[F]IXME|[X]XX)\b")


@pytest.fixture(scope="module")
def files():
    """Every file that is kept under version control."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a checkout: which files belong to the repository cannot be told")
    found = [PurePosixPath(each) for each in listed.stdout.decode().split("\0") if each]
    assert PurePosixPath("domain/order.py") in found
    return found


def test_the_top_level_has_its_folders_and_no_others(files):
    top = {each.parts[0] for each in files}
    assert {each for each in top if not each.startswith(".")} <= TOP
    assert top >= {*PACKAGES, "pyproject.toml", "README.md"}


def test_files_are_named_after_their_job(files):
    named = {each.stem for each in files} | {
        partition for each in files for partition in each.parts
    }
    assert not named & KINDS_OF_THING


def test_nothing_is_left_for_later_in_a_comment(files):
    later = {}
    for each in files:
        path = ROOT / each
        if path.is_file() and each.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ""}:
            later[str(each)] = LEFT_FOR_LATER.findall(path.read_text(encoding="utf-8"))
    assert len(later) > 20
    assert {path: found for path, found in later.items() if found} == {}


def test_tests_are_never_shipped():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    targets = project["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"]["packages"] == list(PACKAGES)
    names = {"README.md", "pyproject.toml", "docs", ".ci/build_hook.py"}
    assert set(targets["sdist"]["include"]) == {*PACKAGES, *names}


@pytest.mark.parametrize(
    "package",
    [
        *PACKAGES,
        "tests",
        "application/storage",
        "application/read_models",
        "application/projector",
        "interface/console",
    ],
)
def test_a_folder_opens_with_what_may_not_be_in_it(package):
    said = (ROOT / package / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\b(no|not|never|only|nothing)\b", said, re.IGNORECASE)
    assert len(said) < 900


def test_the_folders_of_tests_are_no_packages():
    """They would shadow the packages that they are named after."""
    assert not list((ROOT / "tests").rglob("__init__.py"))
