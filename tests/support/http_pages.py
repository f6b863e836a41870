"""The pages on the HTTP calls: their worked examples, played against the sample catalogue.

An example is a fenced block ``http`` with a request, followed by one with its answer. What is made
anew in every run (ids, tokens, barcodes, cursors) may differ, if it differs everywhere in the same
way; everything else has to be as written. `"…"` stands for more of the same.

`python tests/support/http_pages.py` fills in answers that are only a status line.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from pathlib import Path

from source import ROOT

sys.path.insert(0, str(ROOT / "tests" / "support"))

from polling import until
from seller import KEYS, ORGANISER, BoxOffice

from application.catalog.keys import create_key
from application.catalog.scopes import WEBHOOKS
from application.read_models.registry import PROJECTIONS
from interface.server.flask_app import create_app

PAGES = sorted((ROOT / "docs" / "http").glob("*.md"))
SAMPLE = ROOT / "application" / "sample_catalog.yaml"
BLOCK = re.compile(r"(?<=^```http\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
MADE_ANEW = re.compile(
    r"\b(?:[0-9a-f]{40}|[0-9a-f]{24}|[0-9a-f]{16}|[0-9]{20})\b|cursor=[\w-]+|whsec_[\w+/]{43}="
)
MORE = "…"
WIDTH = 100
SHOWN = ("ETag", "X-Log-Position", "Link", "Retry-After", "Content-Language")
"""The headers that a page shows."""


@dataclass
class Message:
    """A request or an answer as a page shows it."""

    first: str
    headers: dict[str, str]
    body: str

    @classmethod
    def read(cls, block: str) -> "Message":
        head, _, body = block.strip().partition("\n\n")
        first, *lines = head.splitlines()
        return cls(first, dict(line.split(": ", 1) for line in lines), body)

    def written(self) -> str:
        head = "\n".join([self.first, *(f"{k}: {v}" for k, v in self.headers.items())])
        return f"{head}\n\n{self.body}\n" if self.body else f"{head}\n"


@dataclass
class Reader:
    """Somebody who tries out a page from its top. `names` maps what the page calls made anew."""

    office: object
    client: object
    names: dict[str, str] = field(default_factory=dict)

    @cached_property
    def key_of_webhooks(self):
        """A key of the organiser with the scope that no seller has."""
        made = create_key(self.office.store, ORGANISER, self.office.time, (WEBHOOKS,))
        self.office.services.catalog._look_again = 0.0
        return made.text

    def try_out(self, request: Message):
        """Send a request of the page; time goes on a little."""
        method, path = self.mine(request.first).split(" ", 1)
        headers = {"Authorization": f"key {KEYS[ORGANISER]}"} | {
            name: self.mine(value) for name, value in request.headers.items()
        }
        if path.startswith("/v1/resources/webhooks"):
            headers["Authorization"] = f"key {self.key_of_webhooks}"
        if request.body:
            headers.setdefault("Content-Type", "application/json")
        if path.startswith("/health") and not self.office.services.loop.alive:
            self.office.services.loop.start()
            until(self.all_is_projected, "nobody projects the read models")
        answer = self.client.open(
            path, method=method, headers=headers, data=self.mine(request.body) or None
        )
        self.office.later(seconds=20)
        self.office.catch_up()
        return answer

    def all_is_projected(self) -> bool:
        models = self.office.services.store.read_models()
        return all(models.state(name).projector for name in PROJECTIONS)

    def compare(self, told: Message, answer) -> None:
        """Fail unless the page tells what was answered."""
        assert told.first == told_by(answer).first
        for name, value in told.headers.items():
            self.same(value, answer.headers[name], name)
        self.same(json.loads(told.body), answer.json)

    def mine(self, text: str) -> str:
        text = text.replace("$order", self.names.get("$order", ""))
        return MADE_ANEW.sub(lambda found: self.names.get(found[0], found[0]), text)

    def same(self, told, given, where="") -> None:
        """Fail unless what the page tells is what was given."""
        if isinstance(told, dict):
            names = [each for each in told if each != MORE]
            assert isinstance(given, dict), where
            assert MORE in told or names == list(given), f"{where}: {names} / {list(given)}"
            for name in names:
                self.same(told[name], given[name], f"{where}/{name}")
        elif isinstance(told, list):
            whole = MORE not in told
            each_told = told if whole else told[:-1]
            assert not whole or len(told) == len(given), where
            for place, each in enumerate(each_told):
                self.same(each, given[place], f"{where}/{place}")
        elif isinstance(told, str):
            self.same_text(told, given, where)
        else:
            assert told == given, where

    def same_text(self, told: str, given: str, where: str) -> None:
        assert MADE_ANEW.sub("", told) == MADE_ANEW.sub("", given), f"{where}: {told} / {given}"
        for one, other in zip(MADE_ANEW.findall(told), MADE_ANEW.findall(given), strict=True):
            assert self.names.setdefault(one, other) == other, f"{where}: {one} / {other}"


@contextmanager
def a_reader() -> Iterator[Reader]:
    with (
        tempfile.TemporaryDirectory() as folder,
        BoxOffice(f"sqlite:///{folder}/orders.db") as office,
    ):
        ids = re.findall(r"[0-9a-f]{24}", SAMPLE.read_text(encoding="utf-8"))
        names = dict(zip(ids, ids, strict=True))
        yield Reader(office, create_app(office.services).test_client(), names)


def examples(page: str) -> Iterator[tuple[Message, Message]]:
    blocks = [Message.read(each) for each in BLOCK.findall(page)]
    yield from zip(blocks[::2], blocks[1::2], strict=True)


def told_by(answer) -> Message:
    """An answer as a page would show it."""
    names = (
        "ETag",
        "X-Log-Position",
        "Link",
        "Retry-After",
        "WWW-Authenticate",
        "Content-Language",
    )
    headers = {name: answer.headers[name] for name in names if name in answer.headers}
    first = f"{answer.status_code} {HTTPStatus(answer.status_code).phrase}"
    return Message(first, headers, laid_out(answer.json))


def laid_out(value) -> str:
    """JSON with a line for each field or element, where it does not fit into one."""
    if fits(value) or not isinstance(value, dict | list):
        return inline(value)
    if isinstance(value, list):
        inside = [indented(laid_out(each)) for each in value]
        return "[\n" + ",\n".join(inside) + "\n]"
    inside = [indented(f"{json.dumps(k)}: {laid_out(v)}") for k, v in value.items()]
    return "{\n" + ",\n".join(inside) + "\n}"


def fits(value) -> bool:
    return len(inline(value)) < WIDTH - 20


def inline(value) -> str:
    return json.dumps(value, ensure_ascii=False)


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def fill_in(path: Path) -> None:
    """Write the answers that a page leaves out. `$order` is the order that was made last."""
    page = path.read_text(encoding="utf-8")
    with a_reader() as reader:
        for request, told in examples(page):
            answer = reader.try_out(request)
            if told.body:
                reader.compare(told, answer)
                continue
            written = told_by(answer).written()
            page = page.replace(f"```http\n{told.first}\n```", f"```http\n{written}```", 1)
            if answer.status_code == HTTPStatus.CREATED:
                page = page.replace("$order", answer.json["id"])
                reader.names["$order"] = answer.json["id"]
    path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    for each in PAGES:
        fill_in(each)
