"""What the console is made of comes with the service, as its authors published it."""

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from interface.console.assets import STYLES

ROOT = Path(__file__).parents[3]
CONSOLE = ROOT / "interface" / "console"
VENDOR = CONSOLE / "static" / "vendor"
SUMS = {
    "htmx.min.js": "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
    "inter-cyrillic.woff2": "71d5ee93cc1e9f1d520a3a8b66456de18c7879d8df09d57fcd2eaff75fef0075",
    "inter-latin.woff2": "3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62",
    "uplot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "uplot.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
}


def test_files_of_others_are_as_they_were_published():
    found = {
        each.name: hashlib.sha256(each.read_bytes()).hexdigest()
        for each in VENDOR.iterdir()
        if each.suffix not in {".md", ".LICENSE"}
    }
    assert found == SUMS


@pytest.mark.parametrize("name", SUMS)
def test_files_of_others_come_with_version_and_licence(name):
    said = (VENDOR / "README.md").read_text(encoding="utf-8")
    [line] = [each for each in said.splitlines() if f"`{name}`" in each]
    assert re.search(r"\| \d+\.\d+\.\d+ \|", line)
    licence = re.search(r"`(\w+\.LICENSE)`", line)[1]
    assert (VENDOR / licence).is_file()


def test_nothing_is_loaded_from_elsewhere():
    static = CONSOLE / "static"
    ours = [*static.glob("*.*"), *static.glob("css/*"), *(CONSOLE / "templates").rglob("*.html")]
    assert len(ours) > 5
    for each in ours:
        text = each.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "//" not in re.sub(r"^\s*//.*|{{.*?}}", "", text, flags=re.MULTILINE), each


def test_the_wheel_has_every_file_of_the_console(tmp_path):
    (tmp_path / "docs").mkdir()
    names = ("domain", "application", "interface", ".ci", "pyproject.toml", "README.md")
    for each in (*names, "docs/LICENSE"):
        source = ROOT / each
        if source.is_dir():  # without what other processes are just compiling
            shutil.copytree(source, tmp_path / each, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / each)
    build = "from hatchling.build import build_wheel; print(build_wheel('.'))"
    built = subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(tmp_path / built.stdout.split()[-1]) as wheel:
        shipped = set(wheel.namelist())
    wanted = {
        each.relative_to(ROOT).as_posix()
        for each in CONSOLE.rglob("*")
        if each.is_file() and "__pycache__" not in each.parts
    }
    assert "interface/console/static/vendor/htmx.min.js" in wanted
    assert wanted <= shipped


def test_every_style_sheet_is_linked():
    assert {each.stem for each in (CONSOLE / "static" / "css").iterdir()} == set(STYLES)
