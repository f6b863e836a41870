"""`orderlog --version` says from which commit it was made."""

import re
import subprocess
from importlib.metadata import version

from click.testing import CliRunner

from application.runtime import installation
from interface.cli.main import cli


def test_a_checkout_says_its_commit():
    head = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=installation.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    said = CliRunner().invoke(cli, ["--version"]).output
    match = re.fullmatch(r"orderlog, version (\S+) \(commit ([0-9a-f]+)(-dirty)?\)\n", said)
    assert match.groups()[:2] == (version("orderlog"), head)


def test_a_wheel_says_the_commit_that_its_build_noted(tmp_path, monkeypatch):
    noted = tmp_path / "commit.txt"
    noted.write_text("0123456789ab\n")
    monkeypatch.setattr(installation, "COMMIT", noted)
    assert installation.version_text() == f"{version('orderlog')} (commit 0123456789ab)"


def test_without_git_and_without_a_note_the_version_stands_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(installation, "COMMIT", tmp_path / "none")
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    assert installation.version_text() == version("orderlog")
