"""What every command uses: settings, the wired service, and two consoles."""

import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, NoReturn

import click
import msgspec
from rich.text import Text

from application.database_address import check_given_in_command, without_passwords
from application.ports.admin_trail import Action
from application.runtime.installation import how_to_add
from application.settings import Settings, read_settings, unknown_settings
from interface.cli.shared.safe_console import SafeConsole, safe_json

if TYPE_CHECKING:  # wiring the service costs half a second that --help need not wait for
    from application.bootstrap import Services

WIDTH_OF_A_PIPE = 200
"""The width of output to a pipe, where long lines do no harm but split ids do."""


class Session:
    """One run of the command line."""

    def __init__(self) -> None:
        self.database: str | None = None
        self.makes_database = False
        """Whether the command makes a database where there is none; one that reads does not."""
        self.out = SafeConsole()
        if not self.out.is_terminal and "COLUMNS" not in os.environ:
            self.out.width = WIDTH_OF_A_PIPE
        self.err = SafeConsole(stderr=True)

    @cached_property
    def settings(self) -> Settings:
        """The environment's settings, with the options of this run."""
        settings = read_settings()
        for sentence in unknown_settings():
            self.err.print(Text(sentence, style="yellow"), soft_wrap=True)
        if self.database is not None:
            check_given_in_command(self.database)
            settings = msgspec.structs.replace(settings, database=self.database)
        return settings

    @cached_property
    def services(self) -> "Services":
        """The wired service; closed at the end of the run. Raises `NoDatabase`."""
        from application.bootstrap import build, require_log  # noqa: PLC0415 - see above
        from interface.server.logs import configure  # noqa: PLC0415

        configure(self.settings.log_level)
        if not self.makes_database:
            require_log(self.settings.database)
        services = build(self.settings)
        click.get_current_context().call_on_close(services.close)
        return services

    def note_reading(self, **about: Any) -> None:
        """Note in the administrative trail that the system's user reads buyers' data.

        A database that is only read, such as a standby, cannot be written: that is said instead.
        """
        context = click.get_current_context()
        root = context.find_root().command_path
        command = context.command_path.removeprefix(root).strip()
        self._note("reading", Action.ORDERS_READ, command=command, **about)

    def note_decision(self, action: Action, **about: Any) -> None:
        """Note in the administrative trail what the system's user decided about an order."""
        self._note("decision", action, **about)

    def _note(self, what: str, action: Action, **about: Any) -> None:
        from application.catalog.deeds import deed_of  # noqa: PLC0415 - see above

        services = self.services
        try:
            services.store.admin_trail().add(deed_of(services.clock(), action, **about))
        except Exception as error:  # noqa: BLE001 - whatever a store says that cannot be written
            said = f"This {what} is not in the administrative trail: {error}"
            self.err.print(Text(without_passwords(said), style="yellow"), soft_wrap=True)

    def print_json(self, document: Any) -> None:
        """Print one JSON document, and nothing else, on standard output."""
        click.echo(safe_json(document))

    def refuse(self, reason: object) -> NoReturn:
        """Print the reason, and end with exit code 1."""
        said = without_passwords(sentence_of(reason))
        self.err.print(Text(said, style="red"), soft_wrap=True)
        raise SystemExit(1)


ERROR_NUMBER = re.compile(r"\[Errno -?\d+\] ([^:]+)(?:: '([^']*)'(?: -> '([^']*)')?)?")


def sentence_of(reason: object) -> str:
    """A reason in words: what the system says of a file, without its number, behind the name."""

    def in_words(found: re.Match[str]) -> str:
        what, *names = found.groups()
        where = " to ".join(name for name in names if name)
        return f"{where}: {what[0].lower()}{what[1:]}" if where else what

    said = ERROR_NUMBER.sub(in_words, str(reason)).rstrip()
    is_system = isinstance(reason, OSError) and reason.errno is not None
    return f"{said}." if is_system and not said.endswith(".") else said


def database_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --database, and passes the session to the command."""

    @wraps(command)
    def with_session(*, database: str | None, **options: Any) -> Any:
        session = click.get_current_context().find_object(Session)
        if session is None:
            raise RuntimeError("A command of ours runs under the command line's root.")
        session.database = database or session.database
        return command(session, **options)

    option = click.option(
        "--database",
        metavar="URL",
        help="The store: sqlite:///FILE or postgresql://user@host:port/name.",
    )
    return option(with_session)


class FiniteRange(click.FloatRange):
    """A number in a range. `nan` is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a value; click's own range lets `nan` through."""
        found = super().convert(value, param, ctx)
        if math.isnan(found):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return found


def number(name: str, default: int, low: int, high: int, says: str) -> Callable[..., Any]:
    """An option that is a number from `low` to `high`."""
    kind = click.IntRange(low, high)
    return click.option(name, default=default, show_default=True, type=kind, help=says)


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
)


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports libraries of an extra; names the extra if they are not installed."""
    try:
        yield
    except ImportError as error:
        raise click.ClickException(f"This needs: {how_to_add(name)} ({error})") from error
