import pytest
from as_described import HeldClient

from interface.server.flask_app import Service


@pytest.fixture(autouse=True)
def every_answer_is_held_against_the_document(monkeypatch):
    monkeypatch.setattr(Service, "test_client_class", HeldClient)
