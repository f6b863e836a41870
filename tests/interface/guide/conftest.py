"""The service as a wheel ships it, unpacked in a folder of its own, and a browser that looks."""

import subprocess
import sys
import zipfile
from urllib.parse import urlsplit

import pytest
from server import Service
from source import ROOT

BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    """What is in the wheel that is built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-c", BUILD, folder], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr[-2000:]
    assert "WARNING" not in built.stderr + built.stdout
    with zipfile.ZipFile(folder / built.stdout.split()[-1]) as wheel:
        wheel.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.fixture(scope="session")
def shop(unpacked, tmp_path_factory):
    """A sandbox that runs from the wheel alone."""
    folder = tmp_path_factory.mktemp("shop")
    own = {"PYTHONPATH": str(unpacked), "PYTHONSAFEPATH": "1"}
    with Service(f"sqlite:///{folder / 'o.db'}", folder / "log", "--sandbox", **own) as service:
        yield service


@pytest.fixture
def look(browser):
    """Opens pages at an address. None may complain, or ask another host for anything."""
    contexts, complaints, elsewhere = [], [], []

    def at(address, **looks):
        contexts.append(browser.new_context(**looks))
        contexts[-1].set_default_timeout(60_000)
        page = contexts[-1].new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: elsewhere.append(asked.url))
        page.goto(address)
        return page

    yield at
    for each in contexts:
        each.close()
    asked = [urlsplit(each) for each in elsewhere]
    hosts = {each.hostname for each in asked if each.scheme not in {"data", "blob"}}
    assert complaints == []
    assert hosts == {"127.0.0.1"}
