"""The files of docs/http-files, played against a sandbox as an editor plays them."""

import json
import re
from urllib.parse import urlencode

import pytest
from http_files import FILES, Editor, requests_of, variables_of
from nats_server import free_port
from sandbox import FIELD, PAY, raw_post
from server import KEY, Service

CALL = re.compile(r"(\w+) (?:\{\{host\}\})?(/[^?]*)")
BUTTONS = {"Pay": "pay", "Pay twice": "pay_twice"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("http_files")
    private = {"ORDERLOG_WEBHOOKS_TO": "127.0.0.0/8"}
    database = f"sqlite:///{folder}/orders.db"
    with Service(database, folder / "log", "--sandbox", **private) as service:
        yield service


@pytest.fixture(scope="module")
def contract(sandbox):
    return sandbox.send("GET", "/openapi.json", {}).body


def here(text, sandbox):
    """The variables of a file, with those that its head tells to change."""
    found = variables_of(text) | {"host": sandbox.address}
    if "orderlog key create" in text:
        found["key"] = sandbox.create_key("--scope", "webhooks")
        found["address"] = f"http://127.0.0.1:{free_port()}/"
    return found


def follow(note, editor, sandbox):
    """Do what a note tells the reader to do first: press a button on the payment page."""
    pressed = re.search(r"press (.+)\.$", note)[1]
    started = [each for each in editor.answers.values() if "redirect_url" in each.content.decode()]
    page = started[-1].body["payment"]["redirect_url"].removeprefix(sandbox.address)
    fields = dict(FIELD.findall(sandbox.send("GET", page, {}).content.decode()))
    answer = raw_post(sandbox, urlencode({**fields, "action": BUTTONS[pressed]}))
    assert (page.partition("?")[0], answer.status) == (PAY, 200)


def play(path, sandbox):
    """Send a file from its top; return the editor with the answers that it knows."""
    text = path.read_text(encoding="utf-8")
    editor = Editor(here(text, sandbox))
    for request in requests_of(text):
        if request.note:
            follow(request.note, editor, sandbox)
        answer = editor.send(request)
        code = json.loads(answer.content)["code"] if request.code else ""
        assert (answer.status, code) == (request.status, request.code), (
            f"{path.name}, {request.title}: {answer.content.decode()}"
        )
    return editor


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_answered_as_it_says(path, sandbox):
    editor = play(path, sandbox)
    bodies = {name: each.body for name, each in editor.answers.items()}
    if path.stem == "tutorial":
        assert bodies["again"] == bodies["create"]
        assert bodies["paid"]["status"] == "done"
        assert bodies["create"]["id"] in {each["subject"] for each in bodies["feed"]["events"]}
    if path.stem == "sandbox":
        assert bodies["expired"]["status"] == "expired"


def test_each_call_of_the_contract_is_in_a_file(contract):
    sent = {
        CALL.match(request.line).groups()
        for path in FILES
        for request in requests_of(path.read_text(encoding="utf-8"))
    }
    missing = [
        f"{method.upper()} {path}"
        for path, operations in contract["paths"].items()
        for method in operations.keys() - {"parameters"}
        if not any(
            (method.upper(), True) == (word, bool(re.fullmatch(as_pattern(path), target)))
            for word, target in sent
        )
    ]
    assert missing == []


def as_pattern(path):
    """A path of the contract as a pattern: a name in braces stands for one part."""
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_can_be_read_alone(path):
    text = path.read_text(encoding="utf-8")
    variables = variables_of(text)
    assert variables["host"] == "http://127.0.0.1:8080"
    assert variables["key"] in {KEY, "PUT-YOUR-KEY-HERE"}
    assert [name for name in variables if f"{{{{{name}}}}}" not in text] in ([], ["key"])
    for line in re.findall(r"^# All fields: (.+)$", text, re.MULTILINE):
        assert all((path.parent / each).is_file() for each in line.split(", "))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_values_of_answers_stand_at_the_top_alone(path):
    """An editor that cannot read them is helped by a value in one place."""
    _, _, requests = path.read_text(encoding="utf-8").partition("\n###")
    assert ".response." not in requests
