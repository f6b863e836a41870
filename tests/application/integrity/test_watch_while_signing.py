"""A checkpoint that is stored while the watch looks at the log is no sign of a loss."""

import pytest
from seller import BoxOffice


@pytest.mark.parametrize("read", ["last_checkpoint", "recorded_checkpoint"])
def test_a_checkpoint_between_two_reads_is_no_loss(address, tmp_path, monkeypatch, read):
    with BoxOffice(address, audit_key=str(tmp_path / "key")) as office:
        office.order()
        office.services.checkpoints.make()
        office.order()
        reader = type(office.store.audit())
        ask = getattr(reader, read)
        made = []

        def slowly(records):
            found = ask(records)
            if not made:
                made.append(read)
                made.append(office.services.checkpoints.make().number)
            return found

        monkeypatch.setattr(reader, read, slowly)
        office.services.watch.look()
        assert made == [read, 2]
        assert office.services.watch.open_setbacks() == []
