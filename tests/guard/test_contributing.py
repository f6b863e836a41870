"""What a contributor is told is so: the commands, the extras of a checkout, the licence."""

import re
import tomllib
from pathlib import Path

import setup as setting_up

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_a_checkout_gets_every_extra():
    named = re.fullmatch(r"\.\[(.*)\]", setting_up.EXTRAS)[1].split(",")
    assert named == sorted(PROJECT["project"]["optional-dependencies"])


def test_the_licence_is_the_one_that_is_named():
    assert PROJECT["project"]["license"] == "MIT"
    (file,) = PROJECT["project"]["license-files"]
    assert (ROOT / file).read_text(encoding="utf-8").startswith("MIT License\n")


def test_files_and_folders_that_the_page_names_exist():
    named = re.findall(r"`((?:domain|application|interface|tests|docs|\.ci)/[^`*\s]*)`", PAGE)
    assert named
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_the_command_that_runs_one_test_finds_one():
    file, word = re.search(r"pytest -n 0 (\S+) -k (\w+)", PAGE).groups()
    assert re.search(rf"def test_\w*{word}", (ROOT / file).read_text(encoding="utf-8"))
