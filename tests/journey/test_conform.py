"""`orderlog conform` against real servers: the printed exchanges, on both stores."""

import json
import shutil
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from answering import Handler, answering
from databases import STORES, a_database
from server import KEY, Service, orderlog, serving
from source import ROOT

from interface.conform.pages import own_pages

PAGES = {page.name: len(page.exchanges) for page in own_pages()}
TRANSCRIPTS = ROOT / "interface" / "conform" / "transcripts"
KNOWN = {"payment_id": 1, "longer payment": 4, "salespoint": 2, "created_at moves": 1}
"""The differences that are counted apart (docs/conformance.md)."""
ON_ONE_STORE = pytest.mark.parametrize("sandbox", ["sqlite"], indirect=True)
"""For what a store has no part in."""


@pytest.fixture(scope="module", params=STORES)
def sandbox(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("conform")
    options = () if request.param == "sqlite" else ("--workers", "2")
    with (
        a_database(request.param, request, folder) as database,
        Service(database, folder / "log", "--sandbox", *options) as service,
    ):
        yield service


def conform(address, *options, key=KEY):
    return orderlog("conform", address, "--key", key, *options)


@pytest.fixture(scope="module")
def outcome(sandbox):
    said = conform(sandbox.address, "--json")
    assert said.returncode == 0, said.stdout + said.stderr
    return json.loads(said.stdout)


def folder_of(tmp_path, *pages):
    """A folder with some of the pages, as a caller has one."""
    for page in pages:
        shutil.copy(TRANSCRIPTS / f"{page}.json", tmp_path)
    return str(tmp_path)


def test_twenty_five_exchanges_are_printed(outcome):
    assert sum(PAGES.values()) == 25
    assert {each["page"]: len(each["exchanges"]) for each in outcome["pages"]} == PAGES
    assert outcome["known"] == KNOWN


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_answered_as_printed(outcome, page):
    [played] = (each["exchanges"] for each in outcome["pages"] if each["page"] == page)
    assert [each["differences"] for each in played] == [[]] * PAGES[page]


@ON_ONE_STORE
def test_it_can_be_played_again_on_the_same_server(sandbox, tmp_path):
    folder = folder_of(tmp_path, "all_or_nothing", "general")
    said = conform(sandbox.address, "--transcripts", folder)
    assert (said.returncode, said.stdout.splitlines()[-1]) == (0, "6 of 6 exchanges as printed.")


@contextmanager
def proxy(service, changed):
    """The address of a proxy to a service that changes each document that comes back."""

    class Passes(Handler):
        def do_POST(self):  # noqa: N802 - the name that the server asks for
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            upstream = HTTPConnection(service.host, service.port, timeout=30)
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            document = json.loads(answer.read())
            headers = {name.lower(): value for name, value in answer.getheaders()}
            if "/sandbox/" not in self.path:
                changed(self.command, document, headers)
            upstream.close()
            content = json.dumps(document).encode()
            kept = {name: headers[name] for name in ("content-type", "x-partner")}
            self.answer(answer.status, content, **kept)

        do_PATCH = do_POST  # noqa: N815 - the name that the server asks for

    with answering(Passes) as place:
        yield f"http://{place}"


def other_value(method, document, headers):
    if method == "PATCH":
        document["values"]["nominal"] = "99.00"


def test_an_answer_that_was_changed_is_named_by_its_field(sandbox, tmp_path):
    folder = folder_of(tmp_path, "cancel")
    with proxy(sandbox, other_value) as address:
        said = conform(address, "--transcripts", folder)
    assert said.returncode == 1
    assert said.stdout.splitlines() == [
        "cancel: 1 of 2 as printed",
        "  2. Cancel it: PATCH /v1/resources/orders/56a7717ff06c5a28629386b3",
        '     values.nominal: printed "100.00", came "99.00"',
        "1 of 2 exchanges as printed.",
    ]


def all_kinds(method, document, headers):
    if method == "PATCH":
        headers["x-partner"] = document["id"] = "56a73b7ff06c5a21c3938000"
        headers["content-type"] = "application/json"
        document["updated_at"] = document["updated_at"].replace("+00:00", "Z")
        document["payment"]["fee"] = None
        del document["deal"]


@ON_ONE_STORE
def test_every_kind_of_difference_is_in_the_document(sandbox, tmp_path):
    folder = folder_of(tmp_path, "cancel")
    with proxy(sandbox, all_kinds) as address:
        said = conform(address, "--transcripts", folder, "--json")
    assert said.returncode == 1
    [page] = json.loads(said.stdout)["pages"]
    first, second = page["exchanges"]
    assert (first["as_printed"], second["as_printed"]) == (True, False)
    assert {each["field"]: each["kind"] for each in second["differences"]} == {
        "Content-Type": "other",
        "X-Partner": "other",
        "id": "other",
        "updated_at": "other",
        "payment.fee": "extra",
        "deal": "missing",
    }


@ON_ONE_STORE
def test_a_moment_that_does_not_move_as_printed_is_named(sandbox, tmp_path):
    kept = {}

    def at_creation(method, document, headers):
        document["updated_at"] = kept.setdefault("updated_at", document["updated_at"])

    folder = folder_of(tmp_path)
    shutil.copy(ROOT / "interface" / "http" / "carry_out.json", folder)
    with proxy(sandbox, at_creation) as address:
        said = conform(address, "--transcripts", folder, "--json")
    assert said.returncode == 1
    [page] = json.loads(said.stdout)["pages"]
    assert [[each["field"] for each in one["differences"]] for one in page["exchanges"]] == [
        [],
        [],
        ["updated_at"],
    ]


def test_a_sandbox_that_was_played_against_starts_again(tmp_path, sqlite, log):
    with Service(sqlite, log, "--sandbox") as service:
        folder = folder_of(tmp_path, "cancel")
        assert conform(service.address, "--transcripts", folder).returncode == 0
        service.stop()
        service.start()
        assert service.call("GET", "/v1/resources/orders").status == 200
        assert conform(service.address, "--transcripts", folder).returncode == 0


def test_another_server_is_played_against_with_names(tmp_path, sqlite, log):
    """A server without the call for catalogues, whose names are given page by page."""
    names = {
        "*": {"56a6253df06c5a059a93802e": "56a6253df06c5a059a93802f"},
        "cancel": {"56a6254bf06c5a059b93800c": "56a6254bf06c5a059b93802a"},
    }
    file = tmp_path / "names.json"
    file.write_text(json.dumps(names), encoding="utf-8")
    (tmp_path / "pages").mkdir()
    folder = folder_of(tmp_path / "pages", "cancel")
    shutil.copy(ROOT / "interface" / "http" / "carry_out.json", folder)
    with serving(sqlite, log) as service:
        printed = conform(service.address, "--transcripts", folder)
        said = conform(service.address, "--transcripts", folder, "--names", str(file), "--json")
    assert printed.returncode == 0, printed.stdout
    assert said.returncode == 1
    cancel, carry_out = json.loads(said.stdout)["pages"]
    assert {each["field"] for each in cancel["exchanges"][0]["differences"]} == {
        "rules.56a6254bf06c5a059b93801a",
        *("value", "value_extra", "values.extra", "values.full", "values.nominal"),
    }
    assert carry_out["exchanges"][0]["differences"][0]["field"] == "status"


def test_a_server_that_is_not_there_ends_with_three(tmp_path):
    said = conform("http://127.0.0.1:1", "--transcripts", folder_of(tmp_path, "cancel"))
    assert said.returncode == 3
    assert "http://127.0.0.1:1 cannot be reached: " in said.stderr


@ON_ONE_STORE
def test_a_key_that_the_server_refuses_is_wrong_usage(sandbox):
    said = conform(sandbox.address, key="0" * 32)
    assert said.returncode == 2
    assert "The server refuses this key" in said.stderr
