"""`orderlog conform`: the printed exchanges, played against a server of the API."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
import msgspec
from rich.text import Text

from interface.cli.shared.progress_bars import bars_of_steps
from interface.cli.shared.session import Session, json_option

if TYPE_CHECKING:  # see session.py
    from interface.conform.comparing import Difference
    from interface.conform.pages import Page
    from interface.conform.player import Played

NOT_REACHED = 3
LONGEST = 300
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("url")
@click.option("--key", metavar="KEY", required=True, help="A key of a vendor on that server.")
@click.option(
    "--transcripts",
    type=FOLDER,
    metavar="DIR",
    help="Exchanges of your own, instead of those that the package carries.",
)
@click.option(
    "--names",
    type=FILE,
    metavar="FILE",
    help="For another server: what the printed names are there, by page.",
)
@json_option("the outcome, page by page")
@click.pass_obj
def conform(
    session: Session,
    url: str,
    key: str,
    transcripts: Path | None,
    names: Path | None,
    *,
    as_json: bool,
) -> None:
    """Play the published exchanges against a server.

    It says field by field what differs. Any server with this API will do. Your own `serve
    --sandbox` makes the catalogue that a page needs; for another server, --names maps the published
    events, sets and payment systems to its own. Exit code 1 if an answer differs, 3 if the server
    cannot be reached.
    """
    from interface.conform.client import CannotSend, Client, NotReached  # noqa: PLC0415 - see session.py
    from interface.conform.pages import read_names  # noqa: PLC0415
    from interface.conform.player import BadKey, Player  # noqa: PLC0415

    check(url, key)
    pages = pages_of(transcripts)
    with usage():
        here = {} if names is None else read_names(names)
    try:
        with bars_of_steps(session) as report:
            player = Player(Client(url), key, here)
            played = [*player.play(pages, lambda done, of: report("Exchanges", done, of))]
    except (BadKey, CannotSend) as error:
        raise click.UsageError(str(error)) from error
    except NotReached as error:
        session.err.print(Text(str(error), style="red"), soft_wrap=True)
        raise SystemExit(NOT_REACHED) from error
    if as_json:
        session.print_json(as_document(url, played))
    else:
        show(session, played)
    if any(each.differences for each in played):
        raise SystemExit(1)


def check(url: str, key: str) -> None:
    """Refuse what is no address of a server, and what cannot be a key. Raises `UsageError`."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise click.UsageError(f"{url} is not the address of a server: write http://HOST:PORT.")
    if not (key and key.isascii() and key.isprintable() and " " not in key):
        raise click.UsageError("This cannot be a key: it has spaces, or letters that no key has.")


def pages_of(folder: Path | None) -> "list[Page]":
    """The pages of a folder, or those that the package carries. Raises `UsageError`."""
    from interface.conform.pages import own_pages, pages_in  # noqa: PLC0415 - see session.py

    with usage():
        return own_pages() if folder is None else pages_in(folder)


@contextmanager
def usage() -> Iterator[None]:
    """A file of another form than it has to have is wrong usage."""
    from interface.conform.pages import BadTranscript  # noqa: PLC0415 - see session.py

    try:
        yield
    except BadTranscript as error:
        raise click.UsageError(str(error)) from error


def show(session: Session, played: "list[Played]") -> None:
    """Print the outcome, page by page, and each difference."""
    for page, exchanges in pages(played):
        good = sum(not each.differences for each in exchanges)
        line = f"{page}: {good} of {len(exchanges)} as printed"
        style = "green" if good == len(exchanges) else "red"
        session.out.print(Text(line, style=style))
        for each in exchanges:
            if each.differences:
                heading = f"  {each.number}. {each.title}: {each.method} {each.path}"
                session.out.print(Text(heading), soft_wrap=True)
            for one in each.differences:
                session.out.print(Text(f"     {sentence(one)}"), soft_wrap=True)
    good = sum(not each.differences for each in played)
    session.out.print(Text(f"{good} of {len(played)} exchanges as printed.", style="bold"))
    if known := names_of_known(played):
        listed = ", ".join(f"{name} ({count})" for name, count in known.items())
        session.out.print(Text(f"Known differences, counted apart: {listed}."), soft_wrap=True)


def sentence(difference: "Difference") -> str:
    """A difference in words."""
    from interface.conform.comparing import EXTRA, MISSING  # noqa: PLC0415 - see session.py

    printed, came = written(difference.printed), written(difference.came)
    says = f" ({difference.says})" if difference.says else ""
    if difference.kind == MISSING:
        return f"{difference.field}: printed {printed}, missing in the answer{says}"
    if difference.kind == EXTRA:
        return f"{difference.field}: not printed, came {came}{says}"
    if difference.printed is None and difference.came is None:
        return f"{difference.field}: {difference.says}"
    return f"{difference.field}: printed {printed}, came {came}{says}"


def written(value: Any) -> str:
    """A value as JSON, cut where it is very long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def pages(played: "list[Played]") -> "Iterator[tuple[str, list[Played]]]":
    """The exchanges of each page."""
    for page, exchanges in groupby(played, key=lambda each: each.page):
        yield page, list(exchanges)


def names_of_known(played: "list[Played]") -> dict[str, int]:
    """How often each known difference was found."""
    return dict(Counter(name for each in played for name, _ in each.known))


def as_document(url: str, played: "list[Played]") -> dict[str, Any]:
    """The outcome as a document."""
    return {
        "url": url,
        "exchanges": len(played),
        "as_printed": sum(not each.differences for each in played),
        "known": names_of_known(played),
        "pages": [
            {"page": page, "exchanges": [exchange_document(each) for each in exchanges]}
            for page, exchanges in pages(played)
        ],
    }


def exchange_document(played: "Played") -> dict[str, Any]:
    """An exchange with what differs in it."""
    known = [{"name": name, **msgspec.to_builtins(each)} for name, each in played.known]
    return {
        "number": played.number,
        "title": played.title,
        "request": f"{played.method} {played.path}",
        "as_printed": not played.differences,
        "differences": msgspec.to_builtins(played.differences),
        "known": known,
    }
