"""The built wheel, without the checkout: it is complete, and says whose packages it finds."""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from installed import install
from source import PACKAGES, ROOT

from application.runtime.neighbours import PackagesOverwritten, check_packages

OTHER = "other_shop-1.0.dist-info"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return install(tmp_path_factory.mktemp("wheel"))


def test_it_has_the_packages_that_the_page_names_and_no_others(installed):
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = {each.split("/")[0] for each in wheel.namelist()}
    brought = {each for each in names if not each.endswith((".dist-info", ".data"))}
    assert brought == {*PACKAGES, "orderlog.py"}
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w.]+)/?` \|", page, re.MULTILINE)) == brought


def test_it_carries_out_an_order_without_the_checkout(installed):
    said = installed.run("python", "-c", "import domain; print(domain.__file__)")
    assert said.stdout.startswith(str(installed.packages))
    assert re.fullmatch(
        r"orderlog, version \S+( \(commit \S+\))?\n", installed.run("orderlog", "--version").stdout
    )
    shown = installed.run("orderlog", "demo")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert '▸ "status": "done"' in shown.stdout


def test_pip_finds_nothing_that_it_lacks(installed):
    found = installed.run("python", "-m", "pip", "check").stdout
    assert [each for each in found.splitlines() if each.startswith("orderlog ")] == []


@pytest.mark.parametrize("file", ["domain/__init__.py", "domain.py", "interface/__init__.py"])
def test_a_package_of_another_that_is_found_first_is_told(installed, tmp_path, file):
    strange = tmp_path / file
    strange.parent.mkdir(exist_ok=True)
    strange.touch()
    refused = installed.run("orderlog", "--version", PYTHONPATH=str(tmp_path))
    place = strange if file == "domain.py" else strange.parent
    name = place.stem
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Python finds another {name} before the package {name} of Orderlog: {place}. Take its"
        " folder off PYTHONPATH, or install Orderlog into a virtual environment of its own.\n"
    )


def test_a_folder_of_that_name_without_a_package_is_passed_over(installed, tmp_path):
    (tmp_path / "domain").mkdir()
    assert installed.run("orderlog", "--version", PYTHONPATH=str(tmp_path)).returncode == 0


def test_the_packages_of_these_tests_are_its_own(tmp_path):
    """In a process of its own: other tests put the checkout on the path of theirs."""
    code = "import sys; from orderlog import foreign_packages; print(foreign_packages(sys.path))"
    said = subprocess.run(
        (sys.executable, "-c", code), cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert said.stdout == "{}\n"


@pytest.fixture
def shared(tmp_path):
    """A folder of packages with this service, and with another one's file in `domain`."""
    ours = tmp_path / "orderlog-1.dist-info"
    record = []
    for name in ("domain/order.py", "application/bootstrap.py"):
        file = tmp_path / name
        file.parent.mkdir()
        shutil.copy(ROOT / name, file)
        digest = base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest())
        record.append(f"{name},sha256={digest.decode().rstrip('=')},{file.stat().st_size}")
    for folder, named, files in (
        (ours, "orderlog", record),
        (tmp_path / OTHER, "other-shop", ["domain/shop.py,,"]),
    ):
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {named}\nVersion: 1\n")
        (folder / "RECORD").write_text("\n".join(files) + "\n")
    return tmp_path


def test_another_distribution_in_the_same_folder_is_named(shared):
    said = check_packages([str(shared)])
    assert said.startswith("other-shop has files in the packages of Orderlog (domain, ")
    shutil.rmtree(shared / OTHER)
    assert check_packages([str(shared)]) == ""


@pytest.mark.parametrize("name", ["domain/order.py", "application/bootstrap.py"])
def test_a_file_that_another_has_overwritten_is_refused(shared, name):
    (shared / name).write_text("# another's\n")
    with pytest.raises(PackagesOverwritten, match=f"{name} is not the file .* other-shop has"):
        check_packages([str(shared)])


def test_a_server_says_so_and_does_not_start(installed):
    other = installed.packages / OTHER
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other-shop\nVersion: 1\n")
    (other / "RECORD").write_text("domain/order.py,,\n")
    order = installed.packages / "domain" / "money.py"
    before = order.read_bytes()
    order.write_bytes(before + b"\n# another's\n")
    try:
        refused = installed.run("orderlog", "serve", "--port", "0")
    finally:
        order.write_bytes(before)
        shutil.rmtree(other)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{order} is not the file that Orderlog was installed with: ")
