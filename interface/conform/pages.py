"""The printed exchanges, page by page, and what has to be there before one is played."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from domain.errors import UserError

OWN = files("interface.conform") / "transcripts"
FIRST = files("interface.http") / "carry_out.json"
"""The page that decides where another one contradicts it. It belongs to the contract as well."""
EVERY_PAGE = "*"
"""In a file of names: those of every page."""


Method = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+\Z")]
Address = Annotated[str, msgspec.Meta(pattern=r"^/\S*\Z")]


class BadTranscript(UserError):
    """A file has another form than those of printed exchanges have."""

    def __init__(self, name: str, reason: object) -> None:
        super().__init__(f"{name}: {reason}")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A printed request."""

    method: Method
    path: Address
    headers: dict[str, str] = {}
    body: Any = None


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """A printed answer."""

    status: int
    headers: dict[str, str] = {}
    body: Any = None


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A printed request with its answer."""

    title: str
    request: Request
    response: Response


class Preparation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that makes the state of an exchange. `answer` has the printed names of what comes."""

    method: Method
    path: Address
    key: str
    body: Any = None
    answer: Any = None


class Scene(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The next exchanges of a page, of one moment: the catalogue is fresh before them."""

    exchanges: int
    before: tuple[Preparation, ...] = ()


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A difference that is known: it has a name, and is counted apart.

    `came` is how the answer has to look there, if that is not all the same.
    """

    name: str
    field: str
    kind: str
    why: str
    came: str | None = None


class Setup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page needs: a catalogue under its printed names, calls before, known differences."""

    catalog: dict[str, Any] | None = None
    scenes: tuple[Scene, ...] = ()
    known: tuple[Known, ...] = ()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page: its exchanges in their order, and what it needs."""

    name: str
    exchanges: tuple[Exchange, ...]
    setup: Setup

    def scenes(self) -> Iterator[tuple[Scene, tuple[Exchange, ...]]]:
        """The scenes with their exchanges; without a word about them there is one."""
        start = 0
        for scene in self.setup.scenes or (Scene(exchanges=len(self.exchanges)),):
            yield scene, self.exchanges[start : start + scene.exchanges]
            start += scene.exchanges


def own_pages() -> list[Page]:
    """The pages that the package carries."""
    found = [FIRST, *(each for each in OWN.iterdir() if each.name.endswith(".json"))]
    return [_page(each, OWN) for each in sorted(found, key=_name)]


def pages_in(folder: Path) -> list[Page]:
    """The pages of a folder of the caller's own. Raises `BadTranscript`.

    `NAME.yaml` beside `NAME.json` says what the page needs. Without one, a page of a name that the
    package has needs what is said there.
    """
    found = sorted(folder.glob("*.json"))
    if not found:
        raise BadTranscript(str(folder), "has no file NAME.json with exchanges.")
    return [_page(each, folder) for each in found]


def read_names(path: Path) -> dict[str, dict[str, str]]:
    """By page, what each printed name is called on a server. Raises `BadTranscript`."""
    try:
        return msgspec.convert(_yaml(path), dict[str, dict[str, str]])
    except msgspec.ValidationError as error:
        raise BadTranscript(str(path), error) from error


def names_for(page: str, names: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The names of a page."""
    return {**names.get(EVERY_PAGE, {}), **names.get(page, {})}


def _name(file: Traversable) -> str:
    return file.name.removesuffix(".json")


def _page(file: Traversable, folder: Traversable) -> Page:
    name = _name(file)
    try:
        exchanges = msgspec.json.decode(file.read_bytes(), type=tuple[Exchange, ...])
    except msgspec.MsgspecError as error:
        raise BadTranscript(file.name, error) from error
    page = Page(name=name, exchanges=exchanges, setup=_setup(f"{name}.yaml", folder))
    if not exchanges:
        raise BadTranscript(file.name, "has no exchanges.")
    planned = sum(scene.exchanges for scene, _ in page.scenes())
    if planned != len(exchanges):
        raise BadTranscript(
            f"{name}.yaml", f"its scenes have {planned} exchanges, the page {len(exchanges)}."
        )
    return page


def _setup(name: str, folder: Traversable) -> Setup:
    found = next((each / name for each in (folder, OWN) if (each / name).is_file()), None)
    if found is None:
        return Setup()
    try:
        return msgspec.convert(_yaml(found), Setup)
    except msgspec.ValidationError as error:
        raise BadTranscript(found.name, error) from error


def _yaml(file: Traversable) -> Any:
    try:
        return yaml.safe_load(file.read_bytes())
    except yaml.YAMLError as error:
        raise BadTranscript(file.name, f"is not YAML: {' '.join(str(error).split())}") from error
