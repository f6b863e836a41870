"""What an auditor is handed cannot write on the screen, nor delete or read files."""

import json
import os
import pty
import subprocess
import sys

import pytest
from seller import BoxOffice
from tampering import Tampering

EVIL = "\x1b]0;owned\x07\x1b[2J[bold red]all is well[/] :smile: \u202e\x9b31m"
STEERING = ("\x1b]", "\x1b[2J", "\x07", "\u202e", "\x9b")


@pytest.fixture
def sold(office, tmp_path, monkeypatch):
    monkeypatch.setenv("ORDERLOG_AUDIT_KEY", str(tmp_path / "key"))
    office.paid = office.paid_order()
    office.catch_up()
    return office


@pytest.fixture
def bundle(sold, orderlog, tmp_path):
    path = tmp_path / "bundle.json"
    assert orderlog("audit", "export", sold.paid, "--to", str(path)).exit_code == 0
    return path


@pytest.fixture
def archive(sold, orderlog, tmp_path):
    folder = tmp_path / "archive"
    done = orderlog("log", "export", "--to", str(folder))
    assert "It is signed with" in done.out
    return folder


def steers_not(text):
    assert not any(each in text for each in STEERING), repr(text)


@pytest.mark.parametrize("place", ["id", "name", "key", "at"])
def test_a_bundle_does_not_write_on_the_screen(bundle, run, place):
    document = json.loads(bundle.read_text())
    if place == "id":
        document["orders"][0]["id"] = EVIL
    elif place == "name":
        document["orders"][0]["facts"][0]["name"] = EVIL
    else:
        statement = json.loads(document["checkpoint"]["statement"])
        statement[place] = EVIL
        document["checkpoint"]["statement"] = json.dumps(statement)
    bundle.write_text(json.dumps(document))
    for more in ([], ["--json"]):
        ended = run("audit", "verify", "--bundle", str(bundle), *more)
        assert ended.exit_code == 1
        steers_not(ended.out + ended.err)
    assert (
        place not in {"key", "at"}
        or "[bold red]all" in run("audit", "verify", "--bundle", str(bundle)).out
    )


def test_nor_on_a_terminal(bundle):
    document = json.loads(bundle.read_text())
    document["orders"][0]["id"] = EVIL
    bundle.write_text(json.dumps(document))
    ours, theirs = pty.openpty()
    command = ["-m", "interface.cli.main", "audit", "verify", "--bundle", str(bundle)]
    with subprocess.Popen([sys.executable, *command], stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        try:
            while more := os.read(ours, 4096):
                shown += more
        except OSError:
            pass  # its end, where a terminal is concerned
        process.wait()
    os.close(ours)
    assert "owned" in shown.decode()
    steers_not(shown.decode())


def test_nor_does_a_name_in_the_database(sold, orderlog):
    Tampering(sold.database).run(
        "UPDATE orders_events SET state = replace(state, 'api/BASE', ?)",
        json.dumps(EVIL)[1:-1],
    )
    for arguments in (["order", "history", sold.paid], ["audit", "verify"]):
        ended = orderlog(*arguments)
        steers_not(ended.out + ended.err)


def test_nor_a_catalogue(run, tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(json.dumps({"partners": [{EVIL: 1}]}))
    ended = run("--database", f"sqlite:///{tmp_path / 'new.db'}", "catalog", "load", str(file))
    assert ended.exit_code == 1
    steers_not(ended.err)


# Archives.


def edit(archive, **fields):
    document = json.loads((archive / "_archive.json").read_text())
    document["files"][0] |= fields
    (archive / "_archive.json").write_text(json.dumps(document))


def imported(run, archive, tmp_path, *more):
    database = f"sqlite:///{tmp_path / 'copy.db'}"
    return run("log", "import", "--from", str(archive), "--database", database, *more)


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret", "month=2030-01/../../secret", EVIL])
def test_an_import_reads_only_what_is_in_the_archive(archive, run, tmp_path, path):
    (tmp_path / "secret").write_text("secret")
    edit(archive, path=path)
    ended = imported(run, archive, tmp_path)
    assert ended.refused("no file of an archive")
    steers_not(ended.err)
    assert not (tmp_path / "copy.db").exists()


def test_nor_does_it_follow_links(archive, run, tmp_path):
    [month] = archive.glob("month=*")
    [file] = month.iterdir()
    file.rename(tmp_path / "elsewhere.parquet")
    file.symlink_to(tmp_path / "elsewhere.parquet")
    assert imported(run, archive, tmp_path).refused("is a link")


def test_an_export_deletes_nothing_in_a_linked_folder(archive, orderlog, sold, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for name in ("precious.txt", "facts-000009.parquet"):
        (theirs / name).write_text("precious")
    (archive / "month=1999-01").symlink_to(theirs)
    sold.order(0)
    assert orderlog("log", "export", "--to", str(archive)).refused("is a link")
    assert len(list(theirs.iterdir())) == 2


def test_nor_what_it_did_not_write(archive, orderlog, sold):
    [month] = archive.glob("month=*")
    (month / "notes.txt").write_text("precious")
    sold.order(0)
    assert orderlog("log", "export", "--to", str(archive)).exit_code == 0
    assert (month / "notes.txt").exists()


def test_an_archive_is_signed_or_says_that_it_is_not(archive, run, orderlog, tmp_path, monkeypatch):
    key, other = tmp_path / "key.pub", tmp_path / "other.pub"
    key.write_text(orderlog("audit", "key").out)
    other.write_text("ab" * 32)
    assert imported(run, archive, tmp_path, "--key", str(other)).refused("another key")
    edit(archive, lower="0")
    assert imported(run, archive, tmp_path, "--key", str(key)).refused("not what was signed")
    assert orderlog("log", "export", "--to", str(archive)).exit_code == 0
    assert imported(run, archive, tmp_path, "--key", str(key)).exit_code == 0
    (archive / "_signature.json").unlink()
    assert imported(run, archive, tmp_path, "--key", str(key)).refused("is not signed")
    (tmp_path / "copy.db").unlink()
    for each in tmp_path.glob("copy.db-*"):
        each.unlink()
    assert "is not signed" in imported(run, archive, tmp_path).err


def test_an_archive_without_a_key(database, run, tmp_path):
    with BoxOffice(database) as shop:
        shop.order(0)
        done = run("log", "export", "--to", str(tmp_path / "archive"), "--database", database)
    assert done.exit_code == 0
    assert "It is not signed" in done.out
