"""What every command uses: settings, the wired service, and two consoles."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, NoReturn

import click

from application.database_address import check_given_in_command, without_passwords
from application.ports.admin_trail import Action
from application.runtime.installation import how_to_add
from application.runtime.plain_structlog import import_structlog

if TYPE_CHECKING:  # wiring the service costs half a second that --help need not wait for
    from rich.table import Table

    from application.bootstrap import Services
    from application.configuration import Configuration
    from application.settings import Settings
    from interface.cli.shared.safe_console import SafeConsole

WIDTH_OF_A_PIPE = 200
"""The width of output to a pipe, where long lines do no harm but split ids do."""


class Session:
    """One run of the command line."""

    def __init__(self) -> None:
        self.database: str | None = None
        self.config: str | None = None
        self.flags: dict[str, Any] = {}
        """The settings that this run gives as options, beside the database."""
        self.makes_database = False
        """Whether the command makes a database where there is none; one that reads does not."""

    @cached_property
    def out(self) -> "SafeConsole":
        """Standard output."""
        from interface.cli.shared.safe_console import SafeConsole  # noqa: PLC0415 - see above

        console = SafeConsole()
        if not console.is_terminal and "COLUMNS" not in os.environ:
            console.width = WIDTH_OF_A_PIPE
        return console

    @cached_property
    def err(self) -> "SafeConsole":
        """Standard error."""
        from interface.cli.shared.safe_console import SafeConsole  # noqa: PLC0415 - see above

        return SafeConsole(stderr=True)

    def warn(self, sentence: str, style: str = "yellow") -> None:
        """Print a sentence on standard error."""
        from rich.text import Text  # noqa: PLC0415 - see above

        self.err.print(Text(sentence, style=style), soft_wrap=True)

    @cached_property
    def configuration(self) -> "Configuration":
        """The settings, with the options of this run, and where each comes from."""
        from application.configuration import (  # noqa: PLC0415 - see above
            BadFlag,
            read_configuration,
            unknown_settings,
        )

        for sentence in unknown_settings():
            self.warn(sentence)
        flags = self.flags
        if self.database is not None:
            check_given_in_command(self.database)
            flags = flags | {"database": self.database}
        try:
            return read_configuration(flags, self.config)
        except BadFlag as error:
            raise click.UsageError(str(error)) from error

    @property
    def settings(self) -> "Settings":
        """The settings of this run."""
        return self.configuration.settings

    @cached_property
    def services(self) -> "Services":
        """The wired service; closed at the end of the run. Raises `NoDatabase`."""
        import_structlog()
        from application.bootstrap import build, require_log  # noqa: PLC0415 - see above
        from interface.server.logs import configure  # noqa: PLC0415

        configure(self.settings.log_level, self.settings.log_format)
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
            self.warn(without_passwords(said))

    def print_list(self, table: "Table", nothing: str) -> None:
        """Print a table of what there is. If it has no rows, say that there is `nothing`."""
        if table.row_count:
            self.out.print(table)
        else:
            self.out.print(nothing, soft_wrap=True, highlight=False)

    def print_json(self, document: Any) -> None:
        """Print one JSON document, and nothing else, on standard output."""
        from interface.cli.shared.safe_console import safe_json  # noqa: PLC0415 - see above

        click.echo(safe_json(document))

    def refuse(self, reason: object) -> NoReturn:
        """Print the reason, and end with exit code 1."""
        self.warn(without_passwords(sentence_of(reason)), style="red")
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
        help="The database: sqlite:///FILE or postgresql://user@host:port/name.",
    )
    return option(with_session)


def number(name: str, default: int, low: int, high: int, says: str) -> Callable[..., Any]:
    """An option that is a number from `low` to `high`."""
    kind = click.IntRange(low, high)
    return click.option(name, metavar="N", default=default, show_default=True, type=kind, help=says)


def workers_option(what: str) -> Callable[..., Any]:
    """Adds --workers: how many processes there are for `what`."""
    says = f"{what}; one for each processor if not given."
    return click.option("--workers", metavar="N", type=click.IntRange(1, 64), help=says)


def json_option(what: str) -> Callable[..., Any]:
    """Adds --json, which prints `what` as one document."""
    return click.option("--json", "as_json", is_flag=True, help=f"Print one JSON document: {what}.")


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports libraries of an extra; names the extra if they are not installed."""
    try:
        yield
    except ImportError as error:
        raise click.ClickException(f"This needs: {how_to_add(name)} ({error})") from error
