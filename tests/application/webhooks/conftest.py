"""Deliveries look for changes, store and give up ten times as often as in service."""

import pytest
from webhook_office import be_quick


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    be_quick(monkeypatch.setattr)
