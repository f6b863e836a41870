"""The README's calls, given to a running service as they stand there."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from documented import without_free_values
from server import Service

from interface.cli.demo import press

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def curls():
    """The README's curl lines, each as its words."""
    lines = [text.replace("\\\n", " ") for kind, text in BLOCKS if kind == "sh"]
    return [
        shlex.split(line)
        for text in lines
        for line in text.splitlines()
        if line.startswith("curl ")
    ]


def given(words, option):
    """What stands behind an option in a curl line, each time it is given."""
    return [after for before, after in pairwise(words) if before == option]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    with Service(f"sqlite:///{folder}/readme.db", folder / "log", "--sandbox") as service:
        yield service


@pytest.fixture(scope="module")
def answers(service):
    """What the service answers to the README's curl lines; before the last the buyer pays."""
    answers = []
    for words in curls():
        [url] = [word for word in words if word.startswith("http://")]
        assert url.startswith("http://127.0.0.1:8080/")
        order = answers[0].body["id"] if answers else ""
        [body] = given(words, "-d") or ["null"]
        [method] = given(words, "-X") or ["GET" if body == "null" else "POST"]
        if method == "GET":
            press(f"{service.host}:{service.port}", answers[-1].body["payment"]["redirect_url"])
        headers = dict(each.split(": ", 1) for each in given(words, "-H"))
        path = urlsplit(url).path.replace("$ORDER", order)
        answers.append(service.send(method, path, headers, json.loads(body)))
    return answers


def test_what_comes_back_is_what_the_readme_shows(answers, service):
    created, chosen, paying, tickets = answers
    port = f":{service.port}/".encode()
    at_8080 = json.loads(paying.content.replace(port, b":8080/"))
    assert all(each["barcode"] for each in tickets.body)
    shown = [json.loads(text) for kind, text in BLOCKS if kind == "json"]
    assert [answer.status for answer in answers] == [201, 200, 200, 200]
    assert [without_free_values(each) for each in shown] == [
        without_free_values(created.body),
        without_free_values(at_8080),
    ]
    assert chosen.body == created.body


def test_the_order_of_the_readme_is_one_and_the_same():
    created, paying = [json.loads(text) for kind, text in BLOCKS if kind == "json"]
    assert f"ORDER={created['id']}\n" in README
    assert created["id"] == paying["id"]


def test_the_line_that_a_service_says_is_the_readmes(service):
    [said] = [text for kind, text in BLOCKS if "listens on" in text]
    before, after = said.split(", on "), service.line.split(", on ")
    assert before[0].replace("8080", str(service.port)) == after[0]
    assert before[1].partition(", ")[2].strip() == after[1].partition(", ")[2]
