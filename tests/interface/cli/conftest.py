import json
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from interface.cli.main import cli


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    exit_code: int
    out: str
    err: str

    @property
    def document(self):
        """The one JSON document that is all of standard output."""
        assert self.exit_code == 0, self.err
        return json.loads(self.out)

    def refused(self, *words: str) -> bool:
        """Whether it was refused in one clear line that has these words."""
        assert self.exit_code == 1, self
        assert self.out == ""
        [line] = self.err.splitlines()
        assert all(word in line for word in words), line
        return True

    def wrong_usage(self, *words: str) -> bool:
        """Whether it was called in a wrong way and says so."""
        assert self.exit_code == 2, self
        assert self.out == ""
        assert all(word in self.err for word in words), self.err
        return True


@pytest.fixture
def run(own_logs, monkeypatch):
    """Runs a command of `orderlog`; whatever it is given, it never ends in a traceback."""
    monkeypatch.delenv("COLUMNS", raising=False)  # what runs the tests may have a terminal

    def command(*arguments: str, stdin: bytes | None = None) -> Said:
        result = CliRunner().invoke(cli, arguments, input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        return Said(result.exit_code, result.stdout, result.stderr)

    return command


@pytest.fixture
def orderlog(office, run):
    """Runs a command on the ticket shop's own database."""
    return lambda *arguments, **more: run("--database", office.database, *arguments, **more)
