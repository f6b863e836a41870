"""`orderlog conform`, called in a wrong way, or against what is no server. The rest: journey/."""

import json
from contextlib import contextmanager

import pytest
from answering import Handler, answering

NOBODY = "http://127.0.0.1:1"
ONE = [
    {
        "title": "One",
        "request": {"method": "GET", "path": "/one", "headers": {}},
        "response": {"status": 200, "body": {"a": 1}},
    }
]


@pytest.fixture
def folder(tmp_path):
    """Writes one exchange of a caller's own; returns its folder."""

    def write(**request):
        [exchange] = json.loads(json.dumps(ONE))
        exchange["request"] |= request
        (tmp_path / "own.json").write_text(json.dumps([exchange]), encoding="utf-8")
        return str(tmp_path)

    return write


@contextmanager
def server(status, content):
    """The address of a server that answers everything in the same way."""

    class Answers(Handler):
        def do_GET(self):  # noqa: N802 - the name that the server asks for
            self.answer(status, content, Location="/two")

    with answering(Answers) as place:
        yield f"http://{place}"


@pytest.mark.parametrize(
    "url", ["here", "ftp://here", "http://", "http://here:x", "http://a b", "http://here?x=1"]
)
def test_what_is_no_address_is_wrong_usage(run, url):
    assert run("conform", url, "--key", "one").wrong_usage("is not the address of a server")


@pytest.mark.parametrize("key", ["", " ", "one two", "ключ", "one\ntwo"])
def test_what_is_no_key_is_wrong_usage(run, key):
    assert run("conform", NOBODY, "--key", key).wrong_usage("cannot be a key")


def test_a_key_has_to_be_given(run):
    assert run("conform", NOBODY).wrong_usage("--key")


def test_files_that_are_not_there_are_wrong_usage(run, tmp_path):
    for option in ("--transcripts", "--names"):
        path = str(tmp_path / "none")
        assert run("conform", NOBODY, "--key", "one", option, path).wrong_usage("does not exist")
    folder = str(tmp_path)
    said = run("conform", NOBODY, "--key", "one", "--transcripts", folder)
    assert said.wrong_usage("has no file NAME.json")


def test_a_request_that_cannot_be_sent_is_wrong_usage(run, folder):
    own = folder(headers={"Accept": "a\nb"})
    with server(200, b"{}") as address:
        said = run("conform", address, "--key", "one", "--transcripts", own)
    assert said.wrong_usage("cannot be sent")


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (200, b"<html>", "body: the answer is not JSON"),
        (302, b"", "status: printed 200, came 302"),
        (503, b'{"code": "busy", "detail": "Later."}', "came 503 (busy: Later.)"),
        (200, b'{"a": 2}', "a: printed 1, came 2"),
        (200, b'{"a": [red]2[/red]}', "body: the answer is not JSON"),
        (200, b'{"a": "[red]2[/red]"}', 'a: printed 1, came "[red]2[/red]"'),
    ],
)
def test_what_came_is_said_as_it_is(run, folder, status, content, words):
    with server(status, content) as address:
        said = run("conform", address, "--key", "one", "--transcripts", folder())
    assert said.exit_code == 1
    assert words in said.out


def test_a_server_that_answers_as_printed(run, folder):
    with server(200, b'{"a": 1}') as address:
        said = run("conform", address, "--key", "one", "--transcripts", folder(), "--json")
    assert said.document["as_printed"] == said.document["exchanges"] == 1


def test_nobody_there_ends_with_three(run, folder):
    said = run("conform", NOBODY, "--key", "one", "--transcripts", folder())
    assert (said.exit_code, said.out) == (3, "")
    assert said.err.splitlines()[-1].startswith(f"{NOBODY} cannot be reached: ")
