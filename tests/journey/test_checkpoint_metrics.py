"""Whether the log is signed and proven is shown to those who watch; the key is checked at once."""

import pytest
from polling import until
from server import orderlog, serving


def scrape(service):
    lines = service.call("GET", "/metrics").content.decode().splitlines()
    return {
        name: float(value) for name, value in (each.split() for each in lines if each[0] != "#")
    }


def test_the_last_checkpoint_and_the_outcome_of_the_last_verification(
    sqlite, log, tmp_path, monkeypatch
):
    monkeypatch.setenv("ORDERLOG_AUDIT_KEY", str(tmp_path / "key"))
    monkeypatch.setenv("ORDERLOG_CHECKPOINT_SECONDS", "0")  # none but those that are asked for
    with serving(sqlite, log) as service:
        service.order()
        assert "orderlog_checkpoint_number" not in scrape(service)
        assert orderlog("audit", "verify", "--database", sqlite).returncode == 3
        found = scrape(service)
        assert found["orderlog_verification_findings"] == 0
        assert found["orderlog_verification_proven"] == 0
        assert orderlog("audit", "checkpoint", "--database", sqlite).returncode == 0
        assert orderlog("audit", "verify", "--database", sqlite).returncode == 0
        found = until(lambda: proven(service), "the checkpoint is not shown")
        assert found["orderlog_checkpoint_number"] == 1
        assert 0 <= found["orderlog_checkpoint_age_seconds"] < 60
        assert found["orderlog_checkpoint_unsigned_positions"] == 0
        service.order()
        until(
            lambda: scrape(service)["orderlog_checkpoint_unsigned_positions"] == 1,
            "what is not signed is not counted",
        )


def proven(service):
    found = scrape(service)
    return found if found["orderlog_verification_proven"] else None


@pytest.mark.parametrize("content", [None, "no key"])
def test_a_key_that_is_none_is_refused_at_the_start(sqlite, tmp_path, content):
    key = tmp_path / "none" / "key"
    if content is not None:
        key.parent.mkdir()
        key.touch(0o600)
        key.write_text(content)
    ended = orderlog("serve", "--port", "0", "--database", sqlite, ORDERLOG_AUDIT_KEY=str(key))
    assert ended.returncode == 1
    [line] = [each for each in ended.stderr.splitlines() if not each.startswith("{")]
    assert str(key) in line


def test_a_signer_that_refuses_says_so_at_the_start_and_sales_go_on(
    sqlite, log, tmp_path, monkeypatch
):
    key = tmp_path / "key"
    monkeypatch.setenv("ORDERLOG_AUDIT_KEY", str(key))
    with serving(sqlite, log) as service:
        service.order()
        assert orderlog("audit", "checkpoint", "--database", sqlite).returncode == 0
        service.stop()
    key.unlink()
    with serving(sqlite, log) as service:
        service.order()
        [said, *_] = service.log("nothing_is_signed")
        assert str(key) in said["reason"]
        assert not key.exists()
        service.stop()
