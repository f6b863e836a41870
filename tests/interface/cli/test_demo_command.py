"""`orderlog demo`, when what it plays with answers wrongly. The good end is in journey/."""

import json

import pytest
from answering import Handler, answering

from interface.cli.demo import Play
from interface.cli.shared.session import Session


def a_service_that_answers(status, content):
    """The address of a service that answers everything in the same way."""

    class Answers(Handler):
        def do_POST(self):  # noqa: N802 - the name that the server asks for
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(status, content)

    return answering(Answers)


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (503, {"code": "store_unavailable"}),
        (200, {"status": "executed", "tickets": ["one"]}),
        (201, {"status": "executed", "tickets": []}),
        (201, {"status": "done", "tickets": ["one"]}),
        (201, {}),
    ],
)
def test_a_wrong_answer_ends_the_demo_with_a_reason(capsys, status, document):
    with (
        a_service_that_answers(status, json.dumps(document).encode()) as address,
        pytest.raises(SystemExit) as ended,
    ):
        Play(Session(), address).carry_out()
    assert ended.value.code == 1
    assert "This answer is not as documented" in capsys.readouterr().err


def test_an_answer_that_is_no_json_ends_the_demo_with_a_reason():
    with (
        a_service_that_answers(201, b"<html>") as address,
        pytest.raises(OSError, match="The answer cannot be read"),
    ):
        Play(Session(), address).carry_out()
